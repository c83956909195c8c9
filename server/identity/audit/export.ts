import type { Id } from "@onegate/contract";
import { asMerchant, databaseNow, type Executor } from "../../kernel/index.ts";
import type { SignedHeads } from "../../ledger/index.ts";
import { canonical, NO_HASH } from "./entry.ts";
import { selectFrom, selectHashAt, selectNewest } from "./store.ts";

export const FORMAT = "onegate-audit-1";
const BATCH_SIZE = 500;

export type Part = {
  readonly from: number;
  readonly to: number;
  readonly previous: string;
  readonly head: string;
};

/**
 * The part of a merchant's trail between two numbers, as far as it exists now, with the hashes at both ends.
 */
export async function partOf(
  executor: Executor,
  merchantId: Id,
  from = 1,
  to = Number.MAX_SAFE_INTEGER,
): Promise<Part> {
  const newest = await selectNewest(executor, merchantId);
  const last = Math.min(to, newest?.seq ?? 0);
  const first = Math.min(from, last + 1);
  const hashAt = async (seq: number) => (await selectHashAt(executor, merchantId, seq)) ?? NO_HASH;
  return { from: first, to: last, previous: await hashAt(first - 1), head: await hashAt(last) };
}

/**
 * The lines of an export, each in canonical JSON (RFC 8785): a header, signed without its signature field,
 * and the entries. Entries are read in pages, each by its own statement. They fit together because entries
 * never change.
 */
export async function* exportLines(
  executor: Executor,
  merchantId: Id,
  { from, to, previous, head }: Part,
  sign: (statement: string) => SignedHeads | null,
): AsyncGenerator<string> {
  const header = {
    format: FORMAT,
    merchant: merchantId,
    from_seq: from,
    to_seq: to,
    previous,
    head,
    exported_at: (await databaseNow(executor)).toISOString(),
  };
  yield `${canonical({ ...header, signed: sign(canonical(header)) })}\n`;
  for (let seq = from; seq <= to; ) {
    // a stream continues when its receiver has room, which is outside the request's merchant context
    const entries = await asMerchant(merchantId, () => selectFrom(executor, merchantId, seq, to, BATCH_SIZE));
    if (entries.length === 0) throw new Error(`entry ${seq} of ${merchantId}'s audit trail is missing`);
    yield entries.map((entry) => `${canonical(entry)}\n`).join("");
    seq = (entries.at(-1)?.seq ?? to) + 1;
  }
}
