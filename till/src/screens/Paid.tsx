import type { Id } from "@onegate/contract";
import { useEffect, useState } from "react";
import { commands } from "../commands.ts";
import { Amount } from "../parts/Amount.tsx";
import { Gate, GateHalf } from "../parts/Gate.tsx";
import { Struk } from "../parts/Struk.tsx";
import { StrukKeys } from "../parts/StrukKeys.tsx";
import { useSale } from "../server.ts";
import { play } from "../sound.ts";
import { belowZeroOf, minorOf } from "../sum.ts";
import { useWords } from "../words.ts";

/** `justNow` is false after a reload, so that the animation is shown only once. */
export function Paid({ saleId, justNow }: { readonly saleId: Id; readonly justNow: boolean }) {
  const words = useWords();
  const { data: sale } = useSale(saleId);
  const [opening, setOpening] = useState(justNow);
  const cash = sale?.tenders.find(({ method }) => method === "CASH");
  const unverified = sale?.tenders.some(({ state }) => state === "unverified") ?? false;
  const belowZero = sale ? belowZeroOf(sale) : "";
  const change = cash?.change ? minorOf(cash.change) : 0n;

  useEffect(() => {
    if (justNow) play("paid");
  }, [justNow]);

  return (
    <div className="paid">
      <main className="paid-main">
        <section className="paid-word" role="status">
          <Gate />
          <h1>{words.paid}</h1>
          {sale && cash ? (
            <p className="paid-change">
              <span>{change > 0n ? words.changeDue : words.noChange}</span>
              <Amount
                minor={change > 0n ? change : minorOf(sale.total) + minorOf(sale.rounding)}
                look="total"
              />
            </p>
          ) : (
            sale && (
              <p className="paid-change">
                <span>{unverified ? words.staticQris : words.qris}</span>
                <Amount minor={minorOf(sale.total)} look="total" />
              </p>
            )
          )}
          {unverified && <p className="unverified">{words.unverified}</p>}
        </section>
        {belowZero !== "" && (
          <p className="paid-stock" role="note">
            {words.soldBelowZero(belowZero)}
          </p>
        )}
        <div className="paid-struk">{sale && <Struk sale={sale} />}</div>
      </main>
      <footer className="paid-keys">
        {sale && <StrukKeys sale={sale} />}
        <button type="button" className="key-primary" onClick={commands.next.run}>
          {words.newSale}
        </button>
      </footer>
      {opening && (
        <div
          className="opening"
          aria-hidden="true"
          onAnimationEnd={(event) => event.target === event.currentTarget && setOpening(false)}
        >
          <GateHalf side="left" />
          <GateHalf side="right" />
        </div>
      )}
    </div>
  );
}
