import { isRefusal, money, refuse, STATIC_PROVIDER, type Id, type Refusal } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { accountId, CHART, clearingCode, transfersOf } from "../ledger/index.ts";
import type { Payments } from "./context.ts";
import { nextVerification, type Payment, type VerificationEvent } from "./payment.ts";
import { isReferenceUsed, lockOrder, lockReference, selectPayment, updateVerification } from "./store.ts";
import { outletOf } from "./announce-payment.ts";

/** Proof of a payment: its reference in the statement, and the fee in minor units. */
export type Proof = { readonly reference: string; readonly fee: bigint };

type Transfers = ReturnType<typeof transfersOf>;

/**
 * Verifies a payment to a printed code, within the caller's transaction: from now on the acquirer owes the
 * amount less its fee, like any provider. A payment that was written off can be verified too. Refuses
 * `payment_unknown`, `case_settled` if it is already verified, `reference_used`, in this order.
 */
export async function verifyPayment(
  tx: Tx,
  payments: Payments,
  payment: { merchantId: Id; paymentId: Id },
  proof: Proof,
): Promise<Payment | Refusal> {
  const verified = await markVerified(tx, payment, proof);
  if (isRefusal(verified)) return verified;
  payments.ledger.stageIn(tx, payment.merchantId, verified.transfers);
  return verified.payment;
}

/**
 * As `verifyPayment`, but returns the transfers instead of posting them, so that a caller which verifies many
 * payments can post them together at the end, and locks the `fees` balance only then.
 */
export async function markVerified(
  tx: Tx,
  { merchantId, paymentId }: { merchantId: Id; paymentId: Id },
  { reference, fee }: Proof,
): Promise<{ payment: Payment; transfers: Transfers } | Refusal> {
  const payment = await holdUnverified(tx, merchantId, paymentId, "verify");
  if (isRefusal(payment)) return payment;
  await lockReference(tx, merchantId, reference);
  if (await isReferenceUsed(tx, merchantId, reference, paymentId)) return refuse("reference_used");
  const account = (code: string) => accountId(merchantId, code);
  const { amount } = payment;
  const transfers = transfersOf(
    "verify",
    merchantId,
    paymentId,
    {
      clearing: account(clearingCode(STATIC_PROVIDER)),
      from: account(payment.verification === "lost" ? CHART.losses : CHART.unverified),
      fees: account(CHART.fees),
    },
    { gross: amount, fee: money(fee > 0n ? fee : 0n, amount.currency) },
    { reference },
  );
  return { payment: await write(tx, payment, "verified", { reference, fee }), transfers };
}

/** Writes off a payment that was never proven. Refuses `payment_unknown`, `case_settled`. */
export async function losePayment(
  tx: Tx,
  payments: Payments,
  { merchantId, paymentId }: { merchantId: Id; paymentId: Id },
): Promise<Payment | Refusal> {
  const payment = await holdUnverified(tx, merchantId, paymentId, "lose");
  if (isRefusal(payment)) return payment;
  const accounts = {
    losses: accountId(merchantId, CHART.losses),
    unverified: accountId(merchantId, CHART.unverified),
  };
  payments.ledger.stageIn(
    tx,
    merchantId,
    transfersOf(
      "lose",
      merchantId,
      paymentId,
      accounts,
      { lost: payment.amount },
      payment.reference === null ? {} : { reference: payment.reference },
    ),
  );
  return write(tx, payment, "lost");
}

/** Selects the payment with its order locked, if the event is allowed in its state. */
async function holdUnverified(
  tx: Tx,
  merchantId: Id,
  paymentId: Id,
  event: VerificationEvent,
): Promise<Payment | Refusal> {
  const seen = await selectPayment(tx, merchantId, paymentId);
  if (!seen) return refuse("payment_unknown");
  await lockOrder(tx, merchantId, seen.orderId);
  const payment = await selectPayment(tx, merchantId, paymentId);
  return payment?.verification && nextVerification(payment.verification, event)
    ? payment
    : refuse("case_settled");
}

async function write(
  tx: Tx,
  payment: Payment,
  verification: "verified" | "lost",
  proof?: Proof,
): Promise<Payment> {
  const written = await updateVerification(tx, payment, verification, proof);
  const { merchantId, paymentId, orderId, amount } = written;
  await announce(tx, merchantId, `payment.${verification}`, paymentId, {
    order_id: orderId,
    amount: amount.minor.toString(),
    currency: amount.currency,
    provider: STATIC_PROVIDER,
    ...outletOf(written),
  });
  return written;
}
