import type { SaleBody } from "@onegate/contract";
import { useAwaitedSale, type AwaitedProps } from "../awaited.ts";
import { showNotice } from "../notices.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { Countdown } from "../parts/Countdown.tsx";
import { Icon } from "../parts/Icon.tsx";
import { PaymentFrame } from "../parts/PaymentFrame.tsx";
import { Qr } from "../parts/Qr.tsx";
import { StillRecording } from "../parts/StillRecording.tsx";
import { dispatch } from "../till.ts";
import { useWords, type Words } from "../words.ts";

export function Waiting({ saleId, cart, sending }: AwaitedProps) {
  const words = useWords();
  const { shop, sale, error, isLost, refetch, busy, setBusy, leave, total } = useAwaitedSale<"checking">({
    saleId,
    cart,
    sending,
  });
  const tender = sale?.tenders.at(-1);
  const amountText = useAmountText();
  const over = whyOver(sale, isLost, words);
  const offersStatic = shop.static_qris !== null && sale !== undefined && !tender?.qr_string;
  const unsure =
    tender?.state === "unknown"
      ? offersStatic
        ? words.noQr
        : words.unknown
      : error && !over
        ? words.noAnswer
        : null;

  async function check() {
    setBusy("checking");
    const { data } = await refetch();
    setBusy(null);
    if (data?.state === "waiting") showNotice({ tone: "plain", text: (spoken) => spoken.stillWaiting });
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
          {sale && tender?.qr_string && tender.expires_at && (
            <Countdown from={sale.created_at} until={tender.expires_at} />
          )}
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
        <a
          className="key-quiet simulator"
          href={reachable(tender.checkout_url)}
          target="_blank"
          rel="noreferrer"
        >
          {words.openSimulator}
          <Icon name="outside" />
        </a>
      )}
      {offersStatic && (
        <button
          type="button"
          className="key-second"
          disabled={busy !== null}
          onClick={() => dispatch({ type: "static" })}
        >
          <Icon name="qris" />
          {words.useStaticQris}
        </button>
      )}
      <div className="payment-keys">
        {over ? (
          <button type="button" className="key-primary" onClick={() => void leave(over !== null)}>
            {words.payAgain}
          </button>
        ) : (
          <>
            <button
              type="button"
              className="key-second"
              disabled={sending || busy !== null}
              onClick={() => void leave(over !== null)}
            >
              {words.anotherWay}
            </button>
            <button
              type="button"
              className="key-primary"
              disabled={sending || busy !== null}
              onClick={() => void check()}
            >
              {busy === "checking" ? words.checking : words.checkAgain}
            </button>
          </>
        )}
      </div>
    </PaymentFrame>
  );
}

/** Why this payment can no longer be made, or null while it can. Only an explicit failure counts. */
function whyOver(sale: SaleBody | undefined, isLost: boolean, words: Words): string | null {
  if (isLost) return words.lost;
  const tender = sale?.tenders.at(-1);
  if (sale?.state === "expired" && tender?.state === "failed" && tender.qr_string === null) return words.away;
  if (sale?.state === "expired" || sale?.state === "cancelled") return words.expired;
  return tender?.state === "failed" ? words.failed : null;
}

/** The simulator's address for the browser: localhost is replaced by the host that served the till. */
function reachable(url: string): string {
  const address = new URL(url, location.href);
  if (address.hostname === "localhost" || address.hostname === "127.0.0.1")
    address.hostname = location.hostname;
  return address.href;
}
