import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { Tx } from "../../kernel/index.ts";
import type { PendingApproval } from "./approval.ts";
import { markUsed } from "./store.ts";

/**
 * Uses up the approval that a request came with, within the transaction of what it allows: when that is rolled back, the
 * approval is as good as before. Answers who gave it; null when none was needed. Refuses `approval_invalid` when it was
 * used, has expired, or is of another session, action, subject or sum (minor units).
 */
export async function consumeApproval(
  tx: Tx,
  pending: PendingApproval | undefined,
  subject: string,
  amount: bigint | null = null,
): Promise<Id | null | Refusal> {
  if (!pending) return null;
  return (await markUsed(tx, pending, subject, amount)) ?? refuse("approval_invalid");
}
