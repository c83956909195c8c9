import { newId, type Id, type SaleBody } from "@onegate/contract";
import { useEffect, useState } from "react";
import { Refused } from "../api.ts";
import { giveUpSale } from "../leaving.ts";
import type { Cart } from "../machine.ts";
import { say } from "../notices.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { Countdown } from "../parts/Countdown.tsx";
import { Icon } from "../parts/Icon.tsx";
import { PaymentFrame } from "../parts/PaymentFrame.tsx";
import { Qr } from "../parts/Qr.tsx";
import { StillRecording } from "../parts/StillRecording.tsx";
import { useSale, useShop } from "../server.ts";
import { minorOf, totalOf } from "../sum.ts";
import { dispatch } from "../till.ts";
import { useWords, type Words } from "../words.ts";

type Props = {
  readonly saleId: Id;
  readonly cart: Cart;
  /** The sale is still on its way to the server. */
  readonly sending: boolean;
};

export function Waiting({ saleId, cart, sending }: Props) {
  const words = useWords();
  const shop = useShop();
  const { data: sale, error, refetch } = useSale(saleId, { awaited: true, exists: !sending });
  const [busy, setBusy] = useState<"checking" | "leaving" | null>(null);
  const total = sale ? minorOf(sale.total) : totalOf(cart, shop).total;
  const tender = sale?.tenders.at(-1);
  const amountText = useAmountText();
  const over = whyOver(sale, error, words);
  const offersStatic = shop.static_qris !== null && sale !== undefined && !tender?.qr_string;
  const unsure = tender?.state === "unknown" ? (offersStatic ? words.noQr : words.unknown) : error && !over ? words.noAnswer : null;

  useEffect(() => {
    if (sale?.state === "paid") dispatch({ type: "paid", saleId });
  }, [sale?.state, saleId]);

  async function check() {
    setBusy("checking");
    const { data } = await refetch();
    setBusy(null);
    if (data?.state === "waiting") say({ tone: "plain", text: (spoken) => spoken.stillWaiting });
  }

  async function leave() {
    if (over) {
      dispatch({ type: "another_way", saleId: newId() });
      return;
    }
    setBusy("leaving");
    await giveUpSale(saleId);
    setBusy(null);
  }

  return (
    <PaymentFrame cart={cart} title={words.qris} onBack={null}>
      <section className="pay-total">
        <h2>{words.total}</h2>
        <Amount minor={total} look="total" />
      </section>
      <div className={over ? "qr-card qr-card-over" : "qr-card"}>
        {tender?.qr_string && !over ? (
          <Qr text={tender.qr_string} label={words.qrOf(amountText(total))} />
        ) : (
          <span className={over ? "qr-none" : "qr-none qr-coming"}>
            <Icon name={over ? "alert" : "qris"} />
            {!over && <span>{words.preparingQr}</span>}
          </span>
        )}
      </div>
      {over ? (
        <p className="over" role="alert">
          {over}
        </p>
      ) : (
        <div className="awaited" role="status">
          {sale && tender?.qr_string && tender.expires_at && <Countdown from={sale.created_at} until={tender.expires_at} />}
          <p>
            <strong>{words.waitingForPayment}</strong>
            <small>{tender?.qr_string ? words.scanToPay : words.preparingQr}</small>
          </p>
        </div>
      )}
      {sending && <StillRecording />}
      {unsure !== null && (
        <p className="unsure" role="alert">
          {unsure}
        </p>
      )}
      {shop.mode === "sandbox" && tender?.checkout_url && !over && (
        <a className="key-quiet simulator" href={reachable(tender.checkout_url)} target="_blank" rel="noreferrer">
          {words.openSimulator}
          <Icon name="outside" />
        </a>
      )}
      {offersStatic && (
        <button type="button" className="key-second" disabled={busy !== null} onClick={() => dispatch({ type: "static" })}>
          <Icon name="qris" />
          {words.useStaticQris}
        </button>
      )}
      <div className="payment-keys">
        {over ? (
          <button type="button" className="key-primary" onClick={() => void leave()}>
            {words.payAgain}
          </button>
        ) : (
          <>
            <button type="button" className="key-second" disabled={sending || busy !== null} onClick={() => void leave()}>
              {words.anotherWay}
            </button>
            <button type="button" className="key-primary" disabled={sending || busy !== null} onClick={() => void check()}>
              {busy === "checking" ? words.checking : words.checkAgain}
            </button>
          </>
        )}
      </div>
    </PaymentFrame>
  );
}

/** Why this payment can no longer be made, or null while it can; only an explicit no counts. */
function whyOver(sale: SaleBody | undefined, error: Error | null, words: Words): string | null {
  if (error instanceof Refused && error.problem.code === "sale_unknown") return words.lost;
  const tender = sale?.tenders.at(-1);
  if (sale?.state === "expired" && tender?.state === "failed" && tender.qr_string === null) return words.away;
  if (sale?.state === "expired" || sale?.state === "cancelled") return words.expired;
  return tender?.state === "failed" ? words.failed : null;
}

/** The simulator runs beside the server: seen from a phone, its localhost is the host the till came from. */
function reachable(url: string): string {
  const there = new URL(url, location.href);
  if (there.hostname === "localhost" || there.hostname === "127.0.0.1") there.hostname = location.hostname;
  return there.href;
}
