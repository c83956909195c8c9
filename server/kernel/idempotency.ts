import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { sql } from "kysely";
import { createHash } from "node:crypto";
import { inTransaction, isLockedOut, type Database, type Tx } from "./database.ts";

/**
 * The scope of a key: the same key under another merchant, outlet or route is another key. Keys of a till
 * belong to its outlet, so that no other outlet gets its answers.
 */
export type Scope = {
  readonly merchantId: Id;
  readonly outletId?: Id;
  readonly route: string;
  readonly key: string;
};

const KEY = /^[\x21-\x7e]{1,255}$/;

export function checkedToKey(unchecked: unknown): string | Refusal {
  if (unchecked === undefined) return refuse("idempotency_key_missing");
  return typeof unchecked === "string" && KEY.test(unchecked) ? unchecked : refuse("idempotency_key_invalid");
}

/** The key in a request's header. Refuses `idempotency_key_missing`, `idempotency_key_invalid`. */
export function keyOf(request: { readonly headers: Readonly<Record<string, unknown>> }): string | Refusal {
  return checkedToKey(request.headers["idempotency-key"]);
}

/** A hash of a request's body that doesn't depend on the order of its fields. */
export function requestHash(body: unknown): Buffer {
  return createHash("sha256").update(canonical(body)).digest();
}

function canonical(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** The answer of a key's effect, and whether it was stored by an earlier request. */
export type Once<T> = { readonly answer: T | Refusal; readonly replayed: boolean };

/**
 * Runs `effect` once for a key. The key, the effect and the answer are written in one transaction, so none
 * exists without the others. A request with the same key that arrives meanwhile waits for the commit and gets
 * the stored answer; if that takes too long, it is refused `idempotency_key_in_flight` and may retry. After a
 * crash the key is free again, because nothing was committed. A different body under the same key is refused
 * `idempotency_key_reused`. A refusal is not an effect: it is rolled back and its key stays free.
 */
export async function once<T>(
  database: Database,
  { outletId, ...unscoped }: Scope,
  body: unknown,
  effect: (tx: Tx) => Promise<T | Refusal>,
): Promise<Once<T>> {
  const scope = outletId === undefined ? unscoped : { ...unscoped, route: `${unscoped.route}@${outletId}` };
  const hash = requestHash(body);
  let isMine = false;
  try {
    return await inTransaction(database, async (tx) => {
      const { rows: taken } = await sql<{ key: string }>`
        insert into idempotency_key (merchant_id, route, key, request_hash)
        values (${scope.merchantId}, ${scope.route}, ${scope.key}, ${hash})
        on conflict do nothing
        returning key`.execute(tx);
      if (taken.length === 0) {
        const { rows } = await sql<{ request_hash: Buffer; answer: T }>`
          select request_hash, answer from idempotency_key
           where merchant_id = ${scope.merchantId} and route = ${scope.route} and key = ${scope.key}`.execute(
          tx,
        );
        const [stored] = rows;
        if (!stored?.request_hash.equals(hash))
          return { answer: refuse("idempotency_key_reused"), replayed: false };
        return { answer: stored.answer, replayed: true };
      }
      isMine = true;
      const answer = await effect(tx);
      if (isRefusal(answer)) throw new RolledBack(answer);
      await sql`
        update idempotency_key set answer = ${JSON.stringify(answer)}::jsonb
         where merchant_id = ${scope.merchantId} and route = ${scope.route} and key = ${scope.key}`.execute(
        tx,
      );
      return { answer, replayed: false };
    });
  } catch (error) {
    if (error instanceof RolledBack) return { answer: error.refusal, replayed: false };
    if (isLockedOut(error) && !isMine)
      return { answer: refuse("idempotency_key_in_flight"), replayed: false };
    throw error;
  }
}

class RolledBack extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.refusal);
    this.refusal = refusal;
  }
}

const RETENTION = "30 days";

/** Deletes keys older than 30 days. */
export async function forgetOldKeys(database: Database): Promise<void> {
  await sql`delete from idempotency_key where created_at < now() - ${RETENTION}::interval`.execute(
    database.kysely,
  );
}
