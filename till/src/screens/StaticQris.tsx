import { isQrisProblem, money, newId, toDynamic, type Id } from "@onegate/contract";
import { useEffect, useState } from "react";
import { api, Refused } from "../api.ts";
import { giveUpSale } from "../leaving.ts";
import type { Cart } from "../machine.ts";
import { hush, say } from "../notices.ts";
import { Amount, useAmountText } from "../parts/Amount.tsx";
import { Icon } from "../parts/Icon.tsx";
import { PaymentFrame } from "../parts/PaymentFrame.tsx";
import { Qr } from "../parts/Qr.tsx";
import { StillRecording } from "../parts/StillRecording.tsx";
import { asking, client, useSale, useShop } from "../server.ts";
import { currencyOf, minorOf, totalOf } from "../sum.ts";
import { dispatch } from "../till.ts";
import { useWords } from "../words.ts";

type Props = {
  readonly saleId: Id;
  readonly cart: Cart;
  /** The sale is still on its way to the server. */
  readonly sending: boolean;
};

/** The shop's printed code with the sale's sum in it. Nobody tells us that it was paid: the cashier looks, and says so. */
export function StaticQris({ saleId, cart, sending }: Props) {
  const words = useWords();
  const shop = useShop();
  const amountText = useAmountText();
  const { data: sale, error } = useSale(saleId, { awaited: true, exists: !sending });
  const [reference, setReference] = useState("");
  const [busy, setBusy] = useState<"confirming" | "leaving" | null>(null);
  const total = sale ? minorOf(sale.total) : totalOf(cart, shop).total;
  const code = shop.static_qris ? toDynamic(shop.static_qris.payload, money(total, currencyOf(shop))) : null;

  useEffect(() => {
    if (sale?.state === "paid") dispatch({ type: "paid", saleId });
  }, [sale?.state, saleId]);

  async function confirm() {
    hush();
    setBusy("confirming");
    try {
      client.setQueryData(["sale", saleId], await asking((token) => api.confirmStatic(token, saleId, reference.trim())));
    } catch (no) {
      say({ tone: "refusal", text: (spoken, language) => (no instanceof Refused ? no.problem.detail[language] : spoken.staticSilent) });
    } finally {
      setBusy(null);
    }
  }

  async function leave() {
    if (sale && sale.state !== "waiting") {
      dispatch({ type: "another_way", saleId: newId() });
      return;
    }
    setBusy("leaving");
    await giveUpSale(saleId);
    setBusy(null);
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
          {error instanceof Refused ? words.lost : words.noAnswer}
        </p>
      )}
      <label className="reference">
        <span>{words.staticReference}</span>
        <input type="text" inputMode="text" autoCapitalize="characters" autoComplete="off" maxLength={40} value={reference} onChange={({ target }) => setReference(target.value)} />
      </label>
      <div className="payment-keys payment-keys-static">
        <button type="button" className="key-second" disabled={sending || busy !== null} onClick={() => void leave()}>
          {words.anotherWay}
        </button>
        <button type="button" className="key-primary" disabled={sending || busy !== null || code === null} onClick={() => void confirm()}>
          {busy === "confirming" ? words.recordingProof : words.staticConfirm}
        </button>
      </div>
    </PaymentFrame>
  );
}
