import { checkedToMoney, IDR, isRefusal, newId, refuse, type Id, type NewApprovalBody, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import type { StaffPrincipal } from "../staff.ts";
import { checkPin } from "./check-pin.ts";
import { insertApproval } from "./store.ts";

export type Given = { readonly approvalId: Id; readonly expiresAt: Date; readonly approver: { readonly staffId: Id; readonly name: string } };

type Asker = StaffPrincipal & { readonly sessionId: Id };

/**
 * A second person approves by PIN what the asker is about to do. Refuses what `checkedToMoney` refuses, `approver_is_asker`,
 * what `checkPin` refuses, and `approver_lacks_right` of who has not both the right to do it and `approval.give`.
 */
export async function giveApproval(database: Database, asker: Asker, { action, subject, amount: unchecked, approver_id, pin, reason }: NewApprovalBody): Promise<Given | Refusal> {
  const amount = unchecked === undefined ? null : checkedToMoney(unchecked, "any");
  if (isRefusal(amount)) return amount;
  if (amount && amount.currency !== IDR) return refuse("currency_unsupported");
  if (approver_id === asker.staffId) return refuse("approver_is_asker");
  const { merchantId, sessionId } = asker;
  const approver = await checkPin(database, { merchantId, staffId: approver_id }, pin);
  if (isRefusal(approver)) return approver;
  if (!approver.may("approval.give") || !approver.may(action)) return refuse("approver_lacks_right");
  const approvalId = newId();
  const expiresAt = await inTransaction(database, (tx) =>
    insertApproval(tx, { merchantId, approvalId, sessionId, action, subject, amount: amount?.minor ?? null, askedBy: asker.staffId, approvedBy: approver_id, reason: reason?.trim() || null }),
  );
  return { approvalId, expiresAt, approver: { staffId: approver_id, name: approver.name } };
}
