import {
  checkedToMoney,
  IDR,
  isRefusal,
  newId,
  refuse,
  toDecimal,
  type Id,
  type NewApprovalBody,
  type Refusal,
} from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { provePin } from "../pins/prove-pin.ts";
import { rightsOf } from "../rights.ts";
import type { Requester } from "../staff.ts";
import { lockStaff } from "../store.ts";
import { insertApproval } from "./store.ts";

export type Given = {
  readonly approvalId: Id;
  readonly expiresAt: Date;
  readonly approver: { readonly staffId: Id; readonly name: string };
};

type By = Pick<Requester, "merchantId" | "deviceId" | "staffId" | "staffSessionId" | "who">;

/**
 * Records that a second person approves an action, by PIN on the requester's device. Refuses what
 * `checkedToMoney` refuses, `currency_unsupported`, `approver_is_asker`, what `provePin` refuses,
 * `pin_change_needed`, and `approver_lacks_right` if the approver lacks the action's right or
 * `approval.give`.
 */
export async function giveApproval(
  database: Database,
  requester: By,
  { action, subject, amount: unchecked, approver_id, pin, reason }: NewApprovalBody,
): Promise<Given | Refusal> {
  const amount = unchecked === undefined ? null : checkedToMoney(unchecked, "any");
  if (isRefusal(amount)) return amount;
  if (amount && amount.currency !== IDR) return refuse("currency_unsupported");
  if (approver_id === requester.staffId) return refuse("approver_is_asker");
  const { merchantId, deviceId, staffSessionId } = requester;
  const proven = await provePin(database, { merchantId, deviceId, staffId: approver_id }, pin);
  if (isRefusal(proven)) return proven;
  return inTransaction(database, async (tx) => {
    const approver = await lockStaff(tx, merchantId, approver_id);
    if (!approver?.isActive) return refuse("staff_unknown");
    if (approver.pinHash !== proven.pinHash) return refuse("pin_wrong");
    if (approver.mustChangePin) return refuse("pin_change_needed");
    const rights = rightsOf(approver.role, approver.granted);
    if (!rights.has("approval.give") || !rights.has(action)) return refuse("approver_lacks_right");
    const approvalId = newId();
    const expiresAt = await insertApproval(tx, {
      merchantId,
      approvalId,
      sessionId: staffSessionId,
      action,
      subject,
      amount: amount?.minor ?? null,
      askedBy: requester.staffId,
      approvedBy: approver_id,
      reason: reason?.trim() || null,
    });
    await announceAudit(
      tx,
      { ...requester.who, actor: approver_id },
      {
        action: "approval.given",
        subject,
        after: {
          approval_id: approvalId,
          right: action,
          asked_by: requester.staffId,
          ...(amount ? { amount: toDecimal(amount), currency: amount.currency } : {}),
        },
      },
    );
    return { approvalId, expiresAt, approver: { staffId: approver_id, name: approver.name } };
  });
}
