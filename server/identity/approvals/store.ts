import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Tx } from "../../kernel/index.ts";
import { APPROVAL_SECONDS, type Approval, type PendingApproval } from "./approval.ts";

export async function insertApproval(tx: Tx, approval: Approval): Promise<Date> {
  const { rows } = await sql<{ expires_at: Date }>`
    insert into approval (merchant_id, approval_id, session_id, action, subject, amount, asked_by,
      approved_by, reason, expires_at)
    values (${approval.merchantId}, ${approval.approvalId}, ${approval.sessionId}, ${approval.action},
      ${approval.subject}, ${approval.amount}, ${approval.askedBy}, ${approval.approvedBy},
      ${approval.reason}, now() + make_interval(secs => ${APPROVAL_SECONDS}))
    returning expires_at`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the insert of an approval returned no row");
  return row.expires_at;
}

/**
 * Uses up an approval if it matches, and returns who gave it. Of two concurrent uses, the second waits for
 * the first's commit and finds it used.
 */
export async function markUsed(
  tx: Tx,
  { merchantId, approvalId, sessionId, action }: PendingApproval,
  subject: string,
  amount: bigint | null,
): Promise<Id | undefined> {
  const { rows } = await sql<{ approved_by: Id }>`
    update approval a set used_at = clock_timestamp() from staff s
     where a.merchant_id = ${merchantId} and a.approval_id = ${approvalId} and a.session_id = ${sessionId}
       and a.action = ${action} and a.subject = ${subject}
       and a.amount is not distinct from ${amount}::bigint
       and a.used_at is null and a.expires_at > clock_timestamp()
       and s.merchant_id = a.merchant_id and s.staff_id = a.approved_by and s.is_active
    returning a.approved_by`.execute(tx);
  return rows[0]?.approved_by;
}
