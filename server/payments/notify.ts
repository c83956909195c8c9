import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction, isKeepableText, keepableJson, keepableText } from "../kernel/index.ts";
import type { Account, Provider, ProviderState, RawNotification } from "../providers/index.ts";
import { applyState, toSuspense, type Outcome } from "./apply.ts";
import type { Payments } from "./context.ts";
import type { Payment } from "./payment.ts";
import { insertNotification, selectPaymentByMerchantRef } from "./store.ts";

/** Personal data that a provider's body may carry and that nobody needs twice. */
const PERSONAL = /^(customer|payer_|note$|mobile_number$|metadata$)/;
/** Names of fields that hold references, in which digits may look like a telephone number. */
const REFERENCE = /(?:^|_)(?:id|ref|reference)$|(?:Id|No)$/;

/** What a row of a notification or a payment holds of a provider's reference. */
const MAX_REFERENCE_LENGTH = 80;

/**
 * Takes a provider's notification: believed only by its signature over the raw bytes, by the credentials of the account at
 * whose path it came, and only of payments that go through that account; applied once, kept as it came. Money for a payment
 * that nobody here knows goes to suspense; whatever else is proven to be the provider's is acknowledged and kept. Refuses
 * `notification_signature_wrong`, `notification_account_wrong`, and `provider_unreachable` where its word must be asked for.
 */
export async function receiveNotification(
  payments: Payments,
  providerName: string,
  raw: RawNotification,
  accountId: Id | null = null,
): Promise<Outcome | Refusal> {
  const account = await payments.providers.find(providerName, accountId);
  if (!account) return refuse("not_found");
  const { provider } = account;
  const notification = provider.readNotification(raw);
  if (isRefusal(notification)) {
    payments.log.warn(
      { provider: providerName, account: accountId, refusal: notification.refusal },
      "a notification was refused",
    );
    return notification;
  }
  if (notification.state === null) return keepOther(payments, account, raw, notification.event, undefined);
  if (!isKeepable(notification.state))
    return keepOther(payments, account, raw, notification.state.status, undefined);
  const named = await paymentOf(payments, account, notification.state);
  if (isRefusal(named)) return named;
  const state = notification.reread ? await reread(provider, notification.state) : notification.state;
  if (state === undefined) return keepOther(payments, account, raw, notification.state.reference, named);
  if (isRefusal(state)) return state;
  const payment =
    state.merchantRef === notification.state.merchantRef ? named : await paymentOf(payments, account, state);
  if (isRefusal(payment)) return payment;
  const merchantId = payment?.merchantId ?? (await merchantOf(payments, account));
  if (!merchantId) return refuse("payment_unknown");

  // its case stays as it is: who settles it must know
  if (!payment && state.takenBack)
    payments.log.warn(
      { provider: providerName, reference: state.reference },
      "money that is no payment's was taken back",
    );

  const outcome = await inTransaction(payments.database, async (tx) => {
    const done: Outcome = payment
      ? await applyState(tx, payments, payment, state)
      : state.status === "paid"
        ? await toSuspense(tx, payments, {
            merchantId,
            paymentId: null,
            provider: providerName,
            accountId,
            reason: "orphan",
            found: state,
          })
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
  return outcome;
}

/** Keeps a notification that changes nothing here, and says so where a person looks. Without a merchant there is nowhere to keep it. */
async function keepOther(
  payments: Payments,
  account: Account,
  raw: RawNotification,
  about: string,
  payment: Payment | undefined,
): Promise<Outcome> {
  const { provider, accountId } = account;
  const merchantId = payment?.merchantId ?? (await merchantOf(payments, account));
  const paymentId = payment?.paymentId ?? null;
  const reference = keepableText(provider.scrub(about)).slice(0, MAX_REFERENCE_LENGTH);
  payments.log.warn(
    { provider: provider.name, account: accountId, about: reference, payment: paymentId },
    "a notification that names no payment to apply it to was kept",
  );
  if (!merchantId) return "ignored";
  await insertNotification(payments.database.kysely, {
    merchantId,
    notificationId: payments.newId(),
    provider: provider.name,
    reference,
    status: "other",
    paymentId,
    outcome: "ignored",
    body: keepable(provider, raw.body),
  });
  return "ignored";
}

/** In whose name an account's word is kept that names no payment of ours. */
async function merchantOf(payments: Payments, { merchantId }: Account): Promise<Id | undefined> {
  return merchantId ?? (await payments.homeMerchant());
}

/** References that can't stand in a row name no payment. */
function isKeepable({ reference, merchantRef }: ProviderState): boolean {
  return [reference, merchantRef ?? ""].every(
    (text) => text.length <= MAX_REFERENCE_LENGTH && isKeepableText(text),
  );
}

/** The payment that an account's word names. Refuses `notification_account_wrong` where it goes through another account. */
async function paymentOf(
  { database, log }: Payments,
  { accountId, provider }: Account,
  { merchantRef }: ProviderState,
): Promise<Payment | undefined | Refusal> {
  const payment =
    merchantRef === null ? undefined : await selectPaymentByMerchantRef(database.kysely, merchantRef);
  if (!payment || (payment.provider === provider.name && payment.accountId === accountId)) return payment;
  log.warn(
    { provider: provider.name, account: accountId, payment: payment.paymentId },
    "a notification names another account's payment",
  );
  return refuse("notification_account_wrong");
}

/**
 * What the provider says when it is asked, where its notification alone proves too little; undefined where it has no such
 * payment, as after a test from its dashboard. Refuses `provider_unreachable`: then the notification comes again.
 */
async function reread(
  provider: Provider,
  { reference, merchantRef }: ProviderState,
): Promise<ProviderState | undefined | Refusal> {
  const answer = await provider.inquire({ reference, merchantRef: merchantRef ?? "" });
  if (answer.answer === "found") return isKeepable(answer.state) ? answer.state : undefined;
  if (answer.answer === "absent" || answer.notFound) return undefined;
  return refuse("provider_unreachable");
}

/** A body as it may be kept: without personal data, and scrubbed but for what names a payment. What is no JSON is kept as a text. */
function keepable(provider: Provider, body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8");
  const kept = (name: string, value: unknown) =>
    PERSONAL.test(name)
      ? undefined
      : typeof value === "string" && !REFERENCE.test(name)
        ? provider.scrub(value)
        : value;
  return JSON.stringify(keepableJson(parsed(text) ?? provider.scrub(text), kept));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
