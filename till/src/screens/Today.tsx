import type { TodayBody } from "@onegate/contract";
import type { ReactNode } from "react";
import { Refused } from "../api.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { useToday } from "../server.ts";
import { useSettings } from "../settings.ts";
import { minorOf } from "../sum.ts";
import { toLongDay, toWeekday } from "../when.ts";
import { tenderWord, useWords } from "../words.ts";

export function Today() {
  const words = useWords();
  const { language } = useSettings();
  const { data: today, error } = useToday();
  if (!today) {
    return (
      <div className="page today">
        <h1>{words.today}</h1>
        {error && (
          <p role="alert">{error instanceof Refused ? error.problem.detail[language] : words.notLoaded}</p>
        )}
        {!error && <span className="card card-skeleton" aria-hidden="true" />}
      </div>
    );
  }
  return (
    <div className="page today">
      <header className="today-head">
        <h1>{words.today}</h1>
        <p>{toLongDay(today.date, language)}</p>
      </header>
      <div className="cards">
        <section className="card card-net">
          <h2>{words.net}</h2>
          <Amount minor={minorOf(today.net)} look="total" />
          <Compared today={today} />
          <dl className="facts">
            <Fact name={words.sales}>{today.sales}</Fact>
            <Fact name={words.average}>
              <Amount minor={minorOf(today.average)} />
            </Fact>
            <Fact name={words.gross}>
              <Amount minor={minorOf(today.gross)} />
            </Fact>
          </dl>
        </section>
        <Hours today={today} />
        <Tenders today={today} />
        <section className="card">
          <h2>{words.bestSellers}</h2>
          {today.best_sellers.length === 0 && <p className="soft">{words.hoursEmpty}</p>}
          <ol className="ranks">
            {today.best_sellers.map((seller) => (
              <li key={seller.product_id}>
                <span>{seller.name}</span>
                <span className="rank-count">{seller.quantity}×</span>
                <Amount minor={minorOf(seller.amount)} />
              </li>
            ))}
          </ol>
        </section>
        <section className="card">
          <h2>{words.lowStock}</h2>
          {today.low_stock.length === 0 && <p className="soft">{words.stockFine}</p>}
          <ul className="ranks">
            {today.low_stock.map((item) => (
              <li key={item.product_id}>
                <span>{item.name}</span>
                <span className={item.stock <= 0 ? "stock stock-none" : "stock"}>
                  {item.stock < 0
                    ? words.belowZero(-item.stock)
                    : item.stock === 0
                      ? words.soldOut
                      : words.left(item.stock)}
                </span>
              </li>
            ))}
          </ul>
          {today.low_stock.some(({ stock }) => stock < 0) && <p className="soft">{words.belowZeroHint}</p>}
        </section>
        {today.unverified.count > 0 && (
          <section className="card card-unverified">
            <h2>{words.unverified}</h2>
            <Amount minor={minorOf(today.unverified.amount)} look="title" />
            <p className="soft">{words.unverifiedHint(today.unverified.count)}</p>
          </section>
        )}
        <section className={today.open_cases > 0 ? "card card-cases card-cases-open" : "card card-cases"}>
          <h2>{words.cases(today.open_cases)}</h2>
          <p className="soft">{today.open_cases > 0 ? words.casesSome : words.casesNone}</p>
        </section>
      </div>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The change from the same weekday last week in whole per cent; a ratio, not money. */
function Compared({ today }: { readonly today: TodayBody }) {
  const words = useWords();
  const { language } = useSettings();
  const before = today.week_ago ? minorOf(today.week_ago) : 0n;
  if (before <= 0n) return null;
  const difference = minorOf(today.net) - before;
  const percent = ((difference < 0n ? -difference : difference) * 100n + before / 2n) / before;
  const day = toWeekday(today.date, language);
  if (percent === 0n) return <p className="compared">{words.comparedSame(day)}</p>;
  return difference > 0n ? (
    <p className="compared compared-up">{words.comparedUp(percent.toString(), day)}</p>
  ) : (
    <p className="compared compared-down">{words.comparedDown(percent.toString(), day)}</p>
  );
}

/** A ratio in thousandths, for lengths on screen. */
const perMille = (part: bigint, whole: bigint) => (whole <= 0n ? 0 : Number((part * 1000n) / whole));

const FIRST_HOUR = 7;
const LAST_HOUR = 21;

function Hours({ today }: { readonly today: TodayBody }) {
  const words = useWords();
  const amountText = useAmountText();
  const sold = new Map(today.by_hour.filter(({ count }) => count > 0).map((hour) => [hour.hour, hour]));
  const first = Math.min(FIRST_HOUR, ...sold.keys());
  const last = Math.max(LAST_HOUR, ...sold.keys());
  const most = [...sold.values()]
    .map(({ amount }) => minorOf(amount))
    .reduce((top, minor) => (minor > top ? minor : top), 0n);
  return (
    <section className="card card-hours">
      <h2>{words.perHour}</h2>
      {sold.size === 0 && <p className="soft">{words.hoursEmpty}</p>}
      <ol className="hours">
        {Array.from({ length: last - first + 1 }, (_, place) => first + place).map((hour) => {
          const here = sold.get(hour);
          const clock = `${String(hour).padStart(2, "0")}.00`;
          const minor = here ? minorOf(here.amount) : 0n;
          const label = words.hourSold(clock, amountText(minor), here?.count ?? 0);
          return (
            <li key={hour} title={label}>
              <span className="hour-room">
                <span
                  className="hour-bar"
                  role="img"
                  aria-label={label}
                  style={{ height: `${perMille(minor, most) / 10}%` }}
                />
              </span>
              <span className="hour-name">{hour % 2 === first % 2 ? hour : ""}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Tenders({ today }: { readonly today: TodayBody }) {
  const words = useWords();
  const whole = today.by_tender.reduce((sum, { amount }) => sum + minorOf(amount), 0n);
  return (
    <section className="card">
      <h2>{words.tenders}</h2>
      {today.by_tender.length === 0 && <p className="soft">{words.hoursEmpty}</p>}
      <ul className="shares">
        {today.by_tender.map(({ method, amount, count }) => {
          const share = perMille(minorOf(amount), whole);
          return (
            <li key={method}>
              <span className="share-name">{tenderWord(method, words)}</span>
              <span className="share-count">
                {count}× · {Math.round(share / 10)} %
              </span>
              <Amount minor={minorOf(amount)} />
              <span className="share-room" aria-hidden="true">
                <span className="share-bar" style={{ width: `${share / 10}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
