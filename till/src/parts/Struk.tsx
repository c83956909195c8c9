import type { SaleBody } from "@onegate/contract";
import { useShop } from "../server.ts";
import { useSettings } from "../settings.ts";
import { minorOf } from "../sum.ts";
import { toMoment } from "../when.ts";
import { tenderWord, useWords } from "../words.ts";
import { Amount } from "./Amount.tsx";

type Tender = SaleBody["tenders"][number];

/** Only the cashier's confirmation shows that it was paid. */
const isByWord = ({ state }: Tender) => state === "unverified" || state === "lost";
/** Its money has not been refunded yet. */
const waits = ({ refunds }: SaleBody["returns"][number]) =>
  refunds.some(({ state }) => state !== "succeeded" && state !== "failed");
const isPaid = (tender: Tender) => tender.state === "succeeded" || isByWord(tender);

/** The receipt, 58 mm wide, as it will be printed. */
export function Struk({ sale }: { readonly sale: SaleBody }) {
  const words = useWords();
  const shop = useShop();
  const { language } = useSettings();
  const { outlet, tax } = shop;
  const rounding = minorOf(sale.rounding);
  const row = (label: string, minor: bigint, strong = false) => (
    <div className={strong ? "struk-row struk-strong" : "struk-row"}>
      <dt>{label}</dt>
      <dd>
        <Amount minor={minor} />
      </dd>
    </div>
  );
  return (
    <article className="struk" aria-label={words.receipt}>
      <header>
        <strong>{outlet.name}</strong>
        <p>{outlet.address}</p>
        {outlet.phone && <p>{outlet.phone}</p>}
        {outlet.receipt_header && <p>{outlet.receipt_header}</p>}
      </header>
      {shop.mode === "sandbox" && <p className="struk-mark">{words.sandboxReceipt}</p>}
      <p className="struk-facts">
        {sale.receipt_number !== null && (
          <span>
            {words.receiptNumber} {sale.receipt_number}
          </span>
        )}
        <span>{toMoment(sale.paid_at ?? sale.created_at, language, outlet.time_zone)}</span>
        <span>
          {words.served}: {sale.staff_name}
        </span>
      </p>
      <ul>
        {sale.lines.map((line) => (
          <li key={line.product_id}>
            <span>{line.name}</span>
            <div className="struk-row">
              <span>
                {line.quantity} × <Amount minor={minorOf(line.unit_price)} />
              </span>
              <Amount minor={minorOf(line.total)} />
            </div>
          </li>
        ))}
      </ul>
      <dl>
        {tax && !tax.included && row(words.subtotal, minorOf(sale.subtotal))}
        {tax && row(tax.included ? words.includes(tax.name) : tax.name, minorOf(sale.tax))}
        {rounding !== 0n && row(words.rounding, rounding)}
        {row(words.total, minorOf(sale.total) + rounding, true)}
        {sale.tenders.filter(isPaid).map((tender) => (
          <div key={tender.payment_id}>
            {row(tenderWord(tender.method, words), minorOf(tender.tendered ?? tender.amount))}
            {tender.change && row(words.change, minorOf(tender.change))}
            {tender.reference !== null && <p className="struk-reference">{tender.reference}</p>}
            {isByWord(tender) && <p className="struk-mark">{words.unverified}</p>}
          </div>
        ))}
        {sale.returns.map((one) => (
          <div key={one.id}>
            {row(
              [
                one.kind === "void" ? words.takenBackVoid : words.takenBack,
                toMoment(one.returned_at, language, outlet.time_zone),
              ].join(" "),
              -minorOf(one.amount),
            )}
            {waits(one) && <p className="struk-mark">{words.takenBackWaits}</p>}
          </div>
        ))}
      </dl>
      <footer>{outlet.receipt_footer || words.thanks}</footer>
    </article>
  );
}

/** The same receipt as plain text, for a message. */
export function useStrukText(): (sale: SaleBody, amount: (minor: bigint) => string) => string {
  const words = useWords();
  const { outlet } = useShop();
  const { language } = useSettings();
  return (sale, amount) =>
    [
      outlet.name,
      [sale.receipt_number, toMoment(sale.paid_at ?? sale.created_at, language, outlet.time_zone)]
        .filter(Boolean)
        .join(" · "),
      ...sale.lines.map((line) => `${line.quantity} × ${line.name}  ${amount(minorOf(line.total))}`),
      `${words.total}  ${amount(minorOf(sale.total) + minorOf(sale.rounding))}`,
      ...sale.tenders
        .filter(isByWord)
        .map(({ method }) => `${tenderWord(method, words)}: ${words.unverified}`),
      ...sale.returns.map(
        (one) =>
          `${one.kind === "void" ? words.takenBackVoid : words.takenBack}  ${amount(-minorOf(one.amount))}`,
      ),
      outlet.receipt_footer || words.thanks,
    ].join("\n");
}
