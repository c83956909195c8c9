import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../kernel/index.ts";
import type { Provider, ProviderState, RawNotification } from "../providers/index.ts";
import { applyState, toSuspense, type Outcome } from "./apply.ts";
import type { Payments } from "./context.ts";
import { insertNotification, selectPaymentByMerchantRef } from "./store.ts";

/** Personal data that a provider's body may carry and that nobody needs twice. */
const PERSONAL = /^(customer|payer_|note$|mobile_number$|metadata$)/;

/**
 * Takes a provider's notification: believed only by its signature over the raw bytes, applied once, kept as it came.
 * Money for a payment that nobody here knows goes to suspense. Refuses `notification_signature_wrong`.
 */
export async function receiveNotification(payments: Payments, providerName: string, raw: RawNotification): Promise<Outcome | Refusal> {
  const provider = payments.providers.get(providerName);
  if (!provider) return refuse("not_found");
  const notification = provider.readNotification(raw);
  if (isRefusal(notification)) {
    payments.log.warn({ provider: providerName, refusal: notification.refusal }, "a notification was refused");
    return notification;
  }
  const state = notification.reread ? await reread(provider, notification.state) : notification.state;
  if (isRefusal(state)) return state;
  const payment = state.merchantRef === null ? undefined : await selectPaymentByMerchantRef(payments.database.kysely, state.merchantRef);
  const merchantId = payment?.merchantId ?? (await payments.homeMerchant());
  if (!merchantId) return refuse("payment_unknown");

  const outcome = await inTransaction(payments.database, async (tx) => {
    const done: Outcome = payment
      ? await applyState(tx, payments, payment, state)
      : state.status === "paid"
        ? await toSuspense(tx, payments, { merchantId, paymentId: null, provider: providerName, reason: "orphan", found: state })
        : "ignored";
    await insertNotification(tx, {
      merchantId,
      notificationId: payments.newId(),
      provider: providerName,
      reference: state.reference,
      status: state.status,
      paymentId: payment?.paymentId ?? null,
      outcome: done,
      body: withoutPersonalData(raw.body),
    });
    return done;
  });
  payments.poke();
  return outcome;
}

/** What the provider says when it is asked, where its notification alone proves too little. Refuses `provider_unreachable`: it comes again. */
async function reread(provider: Provider, { reference, merchantRef }: ProviderState): Promise<ProviderState | Refusal> {
  const answer = await provider.inquire({ reference, merchantRef: merchantRef ?? "" });
  if (answer.answer === "found") return answer.state;
  return refuse(answer.answer === "absent" ? "payment_unknown" : "provider_unreachable");
}

function withoutPersonalData(body: Uint8Array): string {
  return JSON.stringify(JSON.parse(Buffer.from(body).toString("utf8"), (name, value: unknown) => (PERSONAL.test(name) ? undefined : value)));
}
