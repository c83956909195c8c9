import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction, isKeepableText, keepableJson, keepableText } from "../kernel/index.ts";
import type { Account, Provider, ProviderState, RawNotification } from "../providers/index.ts";
import { applyState, toSuspense, type Outcome } from "./apply.ts";
import type { Payments } from "./context.ts";
import type { Payment } from "./payment.ts";
import { insertNotification, selectPaymentByMerchantRef } from "./store.ts";

/** Names of fields with personal data, which are not stored. */
const PERSONAL = /^(customer|payer_|note$|mobile_number$|metadata$)/;
/** Names of fields with references, whose digits may look like a phone number and must not be scrubbed. */
const REFERENCE = /(?:^|_)(?:id|ref|reference)$|(?:Id|No)$/;

/** The longest provider reference that the columns of notifications and payments hold. */
const MAX_REFERENCE_LENGTH = 80;

/**
 * Receives a provider's notification. It is authenticated only by its signature over the raw bytes, with the
 * credentials of the account whose path it was sent to, and only for payments of that account. It is applied
 * once and stored as received. Money for an unknown payment goes to suspense; any other authenticated
 * notification is acknowledged and stored. Refuses `not_found` for an unknown account, what the provider's
 * signature check refuses (`notification_signature_wrong`), `notification_account_wrong`,
 * `provider_unreachable` if its status must be confirmed by an inquiry, and `payment_unknown` if there is no
 * merchant to store it under.
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

  // its case stays open, but the person who settles it must know
  if (!payment && state.takenBack)
    payments.log.warn(
      { provider: providerName, reference: state.reference },
      "a provider took back money that belongs to no payment",
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

/**
 * Stores a notification that changes nothing here, and logs a warning. Without a merchant there is nowhere to
 * store it.
 */
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
    "a notification without a payment to apply it to was stored",
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

/** The merchant under which an account's notification is stored if it names no payment of ours. */
async function merchantOf(payments: Payments, { merchantId }: Account): Promise<Id | undefined> {
  return merchantId ?? (await payments.homeMerchant());
}

/** A reference that doesn't fit the column can't name a payment. */
function isKeepable({ reference, merchantRef }: ProviderState): boolean {
  return [reference, merchantRef ?? ""].every(
    (text) => text.length <= MAX_REFERENCE_LENGTH && isKeepableText(text),
  );
}

/**
 * The payment that an account's notification names. Refuses `notification_account_wrong` if the payment was
 * opened through another account.
 */
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
 * The provider's answer to an inquiry, for providers whose notification alone is not sufficient proof.
 * Undefined if the provider has no such payment, as after a test from its dashboard. Refuses
 * `provider_unreachable`; the provider then repeats the notification.
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

/**
 * A body as it is stored: without personal data, and scrubbed except for references. A body that is not JSON
 * is stored as text.
 */
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
