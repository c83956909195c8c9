import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { Tx } from "../../kernel/index.ts";
import type { PendingApproval } from "./approval.ts";
import { markUsed } from "./store.ts";

/**
 * Uses up the approval that a request brought, in the transaction of the action that it allows. If that rolls
 * back, the approval can still be used. Returns who gave it, or null if none was needed. Refuses
 * `approval_invalid` if it was used, has expired, or is for another session, action, subject or amount (minor
 * units).
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
