import {
  money,
  toDecimal,
  type Id,
  type ListedAccountBody,
  type OperationBody,
  type TopupBody,
  type WalletAccountBody,
  type WithdrawalBody,
} from "@onegate/contract";
import type { Payment } from "../payments/index.ts";
import type { Operation, Payout } from "./operation.ts";
import type { WalletAccount } from "./store.ts";

/** An account as the API returns it. */
export function accountBody({
  accountId,
  code,
  currency,
  status,
  posted,
  held,
  openedAt,
}: WalletAccount): WalletAccountBody {
  const text = (minor: bigint) => toDecimal(money(minor, currency));
  return {
    account_id: accountId,
    account_code: code,
    currency,
    status,
    balance: text(posted),
    held: text(held),
    available: text(posted - held),
    opened_at: openedAt.toISOString(),
  };
}

/** An account of a user as the API lists it, which includes the older names of its fields. */
export function listedAccountBody(
  account: WalletAccount,
  userId: Id,
  lastPosted: Date | undefined,
): ListedAccountBody {
  const body = accountBody(account);
  const updatedAt = lastPosted !== undefined && lastPosted > account.openedAt ? lastPosted : account.openedAt;
  return {
    ...body,
    id: account.accountId,
    user_id: userId,
    account_status: account.status,
    created_at: body.opened_at,
    updated_at: updatedAt.toISOString(),
  };
}

/** An operation as the API returns it. The answer stored for an idempotency key has this shape too. */
export function operationBody(operation: Operation): OperationBody {
  const { currency } = operation.amount;
  return {
    operation_id: operation.operationId,
    kind: operation.kind,
    state: operation.state,
    step: operation.step,
    account_id: operation.accountId,
    counter_account_id: operation.counterAccountId,
    original_id: operation.originalId,
    amount: toDecimal(operation.amount),
    settled: toDecimal(money(operation.settled, currency)),
    refunded: toDecimal(money(operation.refunded, currency)),
    currency,
    payment_method: operation.paymentMethod,
    external_reference: operation.externalReference,
    description: operation.description,
    note: operation.note,
    expires_at: operation.holdExpiresAt?.toISOString() ?? null,
    created_at: operation.createdAt.toISOString(),
    updated_at: operation.updatedAt.toISOString(),
  };
}

/** A top-up with what the payer needs to pay it. */
export function topupBody(operation: Operation, payment: Payment | undefined): TopupBody {
  return {
    ...operationBody(operation),
    payment: payment
      ? {
          payment_id: payment.paymentId,
          state: payment.state,
          channel: payment.channel,
          reference: payment.reference,
          amount: toDecimal(money(payment.payerAmount ?? payment.amount.minor, payment.amount.currency)),
          qr_string: payment.qrString,
          pay_code: payment.payCode,
          checkout_url: payment.checkoutUrl,
          expires_at: payment.expiresAt?.toISOString() ?? null,
        }
      : null,
  };
}

export function withdrawalBody(operation: Operation): WithdrawalBody {
  return { ...operationBody(operation), ...payoutBody(operation.payout) };
}

export function payoutBody(
  payout: Payout | null,
): Pick<WithdrawalBody, "bank" | "account_number" | "account_name"> {
  const { bank, accountNumber, accountName } = payout ?? { bank: "", accountNumber: "", accountName: "" };
  return { bank, account_number: accountNumber, account_name: accountName };
}
