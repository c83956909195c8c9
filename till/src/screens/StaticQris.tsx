import { isQrisProblem, money, toDynamic } from "@onegate/contract";
import { useState } from "react";
import { api, Refused } from "../api.ts";
import { useAwaitedSale, type AwaitedProps } from "../awaited.ts";
import { clearNotice, showNotice } from "../notices.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { Icon } from "../parts/Icon.tsx";
import { PaymentFrame } from "../parts/PaymentFrame.tsx";
import { Qr } from "../parts/Qr.tsx";
import { StillRecording } from "../parts/StillRecording.tsx";
import { asking, client } from "../server.ts";
import { currencyOf } from "../sum.ts";
import { useWords } from "../words.ts";

/**
 * The shop's printed code with the sum of the sale in it. No provider reports its payment: the cashier checks
 * the customer's proof and confirms it.
 */
export function StaticQris({ saleId, cart, sending }: AwaitedProps) {
  const words = useWords();
  const amountText = useAmountText();
  const { shop, sale, error, isLost, busy, setBusy, leave, total } = useAwaitedSale<"confirming">({
    saleId,
    cart,
    sending,
  });
  const isOver = isLost || (sale !== undefined && sale.state !== "waiting");
  const [reference, setReference] = useState("");
  const code = shop.static_qris ? toDynamic(shop.static_qris.payload, money(total, currencyOf(shop))) : null;

  async function confirm() {
    clearNotice();
    setBusy("confirming");
    try {
      client.setQueryData(
        ["sale", saleId],
        await asking((token) => api.confirmStatic(token, saleId, reference.trim())),
      );
    } catch (error) {
      showNotice({
        tone: "refusal",
        text: (spoken, language) =>
          error instanceof Refused ? error.problem.detail[language] : spoken.staticSilent,
      });
    } finally {
      setBusy(null);
    }
  }

  return (
    <PaymentFrame cart={cart} title={words.staticQris} onBack={null}>
      <section className="pay-total">
        <h2>{words.total}</h2>
        <Amount minor={total} look="total" />
      </section>
      <figure className="static-qris">
        <div className="qr-card qr-card-static">
          {code !== null && !isQrisProblem(code) ? (
            <Qr text={code} label={words.qrOf(amountText(total))} />
          ) : (
            <span className="qr-none qr-coming">
              <Icon name="alert" />
            </span>
          )}
        </div>
        <figcaption>{shop.static_qris?.merchant_name ?? words.staticGone}</figcaption>
      </figure>
      <p className="unsure" role="note">
        {words.staticLook(amountText(total).replace(" ", "\u00a0"))}
      </p>
      {sending && <StillRecording />}
      {error && (
        <p className="over" role="alert">
          {isLost ? words.lost : words.noAnswer}
        </p>
      )}
      <label className="reference">
        <span>{words.staticReference}</span>
        <input
          type="text"
          inputMode="text"
          autoCapitalize="characters"
          autoComplete="off"
          maxLength={40}
          value={reference}
          onChange={({ target }) => setReference(target.value)}
        />
      </label>
      <div className="payment-keys payment-keys-static">
        <button
          type="button"
          className="key-second"
          disabled={sending || busy !== null}
          onClick={() => void leave(isOver)}
        >
          {words.anotherWay}
        </button>
        <button
          type="button"
          className="key-primary"
          disabled={sending || busy !== null || code === null}
          onClick={() => void confirm()}
        >
          {busy === "confirming" ? words.recordingProof : words.staticConfirm}
        </button>
      </div>
    </PaymentFrame>
  );
}
