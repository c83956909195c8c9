import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction } from "../kernel/index.ts";
import type { Account, Provider, ProviderState, RawNotification } from "../providers/index.ts";
import { applyState, toSuspense, type Outcome } from "./apply.ts";
import type { Payments } from "./context.ts";
import type { Payment } from "./payment.ts";
import { insertNotification, selectPaymentByMerchantRef } from "./store.ts";

/** Personal data that a provider's body may carry and that nobody needs twice. */
const PERSONAL = /^(customer|payer_|note$|mobile_number$|metadata$)/;
/** Names of fields that hold references, in which digits may look like a telephone number. */
const REFERENCE = /(?:^|_)(?:id|ref|reference)$|(?:Id|No)$/;

/**
 * Takes a provider's notification: believed only by its signature over the raw bytes, by the credentials of the account at
 * whose path it came, and only of payments that go through that account; applied once, kept as it came. Money for a payment
 * that nobody here knows goes to suspense. Refuses `notification_signature_wrong`, `notification_account_wrong`.
 */
export async function receiveNotification(payments: Payments, providerName: string, raw: RawNotification, accountId: Id | null = null): Promise<Outcome | Refusal> {
  const account = await payments.providers.find(providerName, accountId);
  if (!account) return refuse("not_found");
  const { provider } = account;
  const notification = provider.readNotification(raw);
  if (isRefusal(notification)) {
    payments.log.warn({ provider: providerName, account: accountId, refusal: notification.refusal }, "a notification was refused");
    return notification;
  }
  const named = await paymentOf(payments, account, notification.state);
  if (isRefusal(named)) return named;
  const state = notification.reread ? await reread(provider, notification.state) : notification.state;
  if (isRefusal(state)) return state;
  const payment = state.merchantRef === notification.state.merchantRef ? named : await paymentOf(payments, account, state);
  if (isRefusal(payment)) return payment;
  const merchantId = payment?.merchantId ?? account.merchantId ?? (await payments.homeMerchant());
  if (!merchantId) return refuse("payment_unknown");

  // its case stays as it is: who settles it must know
  if (!payment && state.takenBack) payments.log.warn({ provider: providerName, reference: state.reference }, "money that is no payment's was taken back");

  const outcome = await inTransaction(payments.database, async (tx) => {
    const done: Outcome = payment
      ? await applyState(tx, payments, payment, state)
      : state.status === "paid"
        ? await toSuspense(tx, payments, { merchantId, paymentId: null, provider: providerName, accountId, reason: "orphan", found: state })
        : "ignored";
    await insertNotification(tx, {
      merchantId,
      notificationId: payments.newId(),
      provider: providerName,
      reference: state.reference,
      status: state.status,
      paymentId: payment?.paymentId ?? null,
      outcome: done,
      body: keepable(provider, raw.body),
    });
    return done;
  });
  payments.poke();
  return outcome;
}

/** The payment that an account's word names. Refuses `notification_account_wrong` where it goes through another account. */
async function paymentOf({ database, log }: Payments, { accountId, provider }: Account, { merchantRef }: ProviderState): Promise<Payment | undefined | Refusal> {
  const payment = merchantRef === null ? undefined : await selectPaymentByMerchantRef(database.kysely, merchantRef);
  if (!payment || (payment.provider === provider.name && payment.accountId === accountId)) return payment;
  log.warn({ provider: provider.name, account: accountId, payment: payment.paymentId }, "a notification names another account's payment");
  return refuse("notification_account_wrong");
}

/** What the provider says when it is asked, where its notification alone proves too little. Refuses `provider_unreachable`: it comes again. */
async function reread(provider: Provider, { reference, merchantRef }: ProviderState): Promise<ProviderState | Refusal> {
  const answer = await provider.inquire({ reference, merchantRef: merchantRef ?? "" });
  if (answer.answer === "found") return answer.state;
  return refuse(answer.answer === "absent" ? "payment_unknown" : "provider_unreachable");
}

/** A body as it may be kept: without personal data, and scrubbed but for what names a payment. */
function keepable(provider: Provider, body: Uint8Array): string {
  const kept = (name: string, value: unknown) => (PERSONAL.test(name) ? undefined : typeof value === "string" && !REFERENCE.test(name) ? provider.scrub(value) : value);
  return JSON.stringify(JSON.parse(Buffer.from(body).toString("utf8"), kept));
}
