import type { Id } from "@onegate/contract";
import type { Executor } from "../../kernel/index.ts";
import type { Breach } from "../../ledger/index.ts";
import { hashOf, NO_HASH } from "./entry.ts";
import { selectAuditHeads, selectFrom, selectHashAt, type AuditHead } from "./store.ts";

const BATCH_SIZE = 2_000;

/**
 * Verifies every merchant's trail: the numbers have no gaps, each entry holds the hash of the one before, and
 * each hash matches its content. If heads were signed earlier, each trail must contain its own; `onlyNew`
 * starts from there. Reports the first breach of each trail.
 */
export async function auditBreaches(
  executor: Executor,
  signed: readonly AuditHead[] = [],
  onlyNew = false,
): Promise<Breach[]> {
  const breaches: Breach[] = [];
  const heads = await selectAuditHeads(executor);
  for (const { merchant_id: merchantId, seq, head } of signed) {
    const found = await selectHashAt(executor, merchantId, seq);
    if (found !== head)
      breaches.push({
        rule: "audit trail passes the signed heads",
        subject: merchantId,
        detail: `entry ${seq}: signed as ${head}, now ${found ?? "gone"}`,
      });
  }
  for (const { merchant_id: merchantId, seq } of heads) {
    const from = onlyNew ? signed.find((head) => head.merchant_id === merchantId) : undefined;
    const detail = await walk(executor, merchantId, from ?? { seq: 0, head: NO_HASH }, seq);
    if (detail) breaches.push({ rule: "audit trail is whole", subject: merchantId, detail });
  }
  return breaches;
}

async function walk(
  executor: Executor,
  merchantId: Id,
  { seq: begun, head }: Pick<AuditHead, "seq" | "head">,
  to: number,
): Promise<string | undefined> {
  let seq = begun;
  let hash = head;
  while (seq < to) {
    for (const entry of await selectFrom(executor, merchantId, seq + 1, to, BATCH_SIZE)) {
      seq += 1;
      if (entry.seq !== seq) return `entry ${seq} is missing`;
      if (entry.previous_hash !== hash) return `entry ${seq} does not continue the one before`;
      hash = entry.hash;
      if (hashOf(entry) !== hash) return `entry ${seq} is not as it was written`;
    }
  }
  return undefined;
}
