import type { SaleBody } from "@onegate/contract";
import { useState } from "react";
import { Amount } from "../parts/Amount.tsx";
import { Icon } from "../parts/Icon.tsx";
import { later } from "../parts/Later.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { Struk } from "../parts/Struk.tsx";
import { StrukKeys } from "../parts/StrukKeys.tsx";
import { useSales, useShop } from "../server.ts";
import { useSettings } from "../settings.ts";
import { minorOf } from "../sum.ts";
import { toClock } from "../when.ts";
import { tenderWord, useWords, type Words } from "../words.ts";

const stateWord = (state: SaleBody["state"], words: Words) =>
  ({
    paid: words.paid,
    waiting: words.waitingState,
    cancelled: words.cancelledState,
    expired: words.expiredState,
  })[state];

type GiveBackProps = { readonly sale: SaleBody; readonly onClose: () => void };
const GiveBack = later<GiveBackProps>(
  async () => (await import("../office/GiveBack.tsx")).GiveBack,
  ({ props, failed, children }) =>
    failed && (
      <Sheet title={props.sale.receipt_number ?? ""} onClose={props.onClose}>
        {children}
      </Sheet>
    ),
);

/** The state shown in a sale's row; voids and refunds come first. */
function useStateOf(): (sale: SaleBody) => readonly [text: string, look: string] {
  const words = useWords();
  return (sale) => {
    if (sale.returns.some(({ kind }) => kind === "void")) return [words.takenBackVoid, "cancelled"];
    if (sale.returns.length > 0)
      return [
        sale.lines.every(({ quantity, returned }) => returned === quantity)
          ? words.takenBack
          : words.partlyTakenBack,
        "cancelled",
      ];
    if (sale.tenders.some(({ state }) => state === "unverified")) return [words.unverified, "unverified"];
    return [stateWord(sale.state, words), sale.state];
  };
}

export function History() {
  const words = useWords();
  const { data: sales, isError } = useSales();
  const [open, setOpen] = useState<SaleBody | null>(null);
  const [giving, setGiving] = useState<SaleBody | null>(null);
  return (
    <div className="page">
      <h1>{words.recent}</h1>
      {!sales && isError && <p role="alert">{words.notLoaded}</p>}
      {sales?.length === 0 && (
        <div className="empty">
          <Icon name="history" />
          <strong>{words.noSales}</strong>
          <p>{words.noSalesHint}</p>
        </div>
      )}
      <ul className="sales">
        {sales?.map((sale) => (
          <Row key={sale.id} sale={sale} onOpen={() => setOpen(sale)} />
        ))}
      </ul>
      {open && (
        <Sheet title={words.receipt} onClose={() => setOpen(null)}>
          <div className="sheet-struk">
            <Struk sale={open} />
          </div>
          <StrukKeys sale={open} />
          {open.state === "paid" && open.lines.some(({ quantity, returned }) => returned < quantity) && (
            <button
              type="button"
              className="key-quiet key-give-back"
              onClick={() => {
                setGiving(open);
                setOpen(null);
              }}
            >
              <Icon name="giveBack" />
              {words.giveBack}
            </button>
          )}
        </Sheet>
      )}
      {giving && <GiveBack sale={giving} onClose={() => setGiving(null)} />}
    </div>
  );
}

function Row({ sale, onOpen }: { readonly sale: SaleBody; readonly onOpen: () => void }) {
  const words = useWords();
  const { outlet } = useShop();
  const { language } = useSettings();
  const [state, look] = useStateOf()(sale);
  const unverified = sale.tenders.some((tender) => tender.state === "unverified");
  // an unverified sale was paid by static QRIS, which its state already implies
  const method = unverified ? null : tenderWord(sale.tenders.at(-1)?.method ?? "QRIS", words);
  return (
    <li>
      <button type="button" className="sale" onClick={onOpen}>
        <span className="sale-time">
          {toClock(sale.paid_at ?? sale.created_at, language, outlet.time_zone)}
        </span>
        <span className="sale-what">
          <strong>
            {sale.lines
              .map(({ quantity, name }) => (quantity > 1 ? `${quantity}× ${name}` : name))
              .join(", ")}
          </strong>
          <small>{[method, sale.receipt_number].filter(Boolean).join(" · ")}</small>
        </span>
        <span className="sale-sum">
          <Amount minor={minorOf(sale.total) + minorOf(sale.rounding)} />
          <small className={`state state-${look}`}>{state}</small>
        </span>
      </button>
    </li>
  );
}
