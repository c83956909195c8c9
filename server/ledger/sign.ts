import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sql } from "kysely";
import { codeOf, type Executor } from "../kernel/index.ts";
import { selectHeadAt, selectHeads } from "./seal.ts";

/**
 * The heads of all chains on a day, as they were signed; `statement` is the text that the signature covers.
 */
export type SignedHeads = {
  readonly statement: string;
  readonly public_key: string;
  readonly signature: string;
};

/**
 * Reads the key that signs the heads (Ed25519, PEM), or creates it. The key must not be kept in the database.
 */
export function readSealKey(file: string): KeyObject {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const { privateKey } = generateKeyPairSync("ed25519");
    try {
      writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    } catch (error) {
      // another process created it at the same moment
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
  return createPrivateKey(readFileSync(file, "utf8"));
}

/** Signs a text with the key that signs the heads. */
export function signText(statement: string, key: KeyObject): SignedHeads {
  return {
    statement,
    public_key: createPublicKey(key).export({ type: "spki", format: "pem" }).toString(),
    signature: sign(null, Buffer.from(statement), key).toString("base64"),
  };
}

/**
 * Signs the current heads, together with `others`, once a day (UTC, by the database's clock). A day that is
 * already signed stays as it is.
 */
export async function signHeads(
  executor: Executor,
  key: KeyObject,
  others: Readonly<Record<string, unknown>> = {},
): Promise<SignedHeads> {
  const { rows } = await sql<{ now: Date; day: string }>`
    select now(), (now() at time zone 'UTC')::date::text as day`.execute(executor);
  const [{ now, day } = { now: new Date(), day: "" }] = rows;
  const heads = (await selectHeads(executor)).map(({ merchantId, block, transfers, head }) => ({
    merchant_id: merchantId,
    block: Number(block),
    transfers: Number(transfers),
    head,
  }));
  const { statement, public_key, signature } = signText(
    JSON.stringify({ day, signed_at: now.toISOString(), heads, ...others }),
    key,
  );
  await sql`
    insert into ledger_signed_head (day, statement, public_key, signature)
    values (${day}, ${statement}, ${public_key}, ${signature}) on conflict do nothing`.execute(executor);
  const signed = await selectSignedHeads(executor, day);
  if (!signed) throw new Error("the signed heads can't be read back");
  return signed;
}

/** The signed heads of a day (`YYYY-MM-DD`), or the newest. */
export async function selectSignedHeads(executor: Executor, day?: string): Promise<SignedHeads | undefined> {
  const { rows } = await sql<SignedHeads>`
    select statement, public_key, signature from ledger_signed_head
     where ${day ?? null}::date is null or day = ${day ?? null}::date
     order by day desc limit 1`.execute(executor);
  return rows[0];
}

/**
 * Compares the current chains with heads that were exported earlier: each of those heads must still be in its
 * chain. Returns what is wrong: a signature that doesn't match, or a chain that no longer contains a head.
 */
export async function checkHeads(
  executor: Executor,
  { statement, public_key, signature }: SignedHeads,
): Promise<string[]> {
  if (!verify(null, Buffer.from(statement), createPublicKey(public_key), Buffer.from(signature, "base64")))
    return ["the signature does not fit the statement"];
  const { day, heads } = JSON.parse(statement) as {
    day: string;
    heads: ReadonlyArray<{ merchant_id: string; block: number; head: string }>;
  };
  const wrong: string[] = [];
  for (const { merchant_id, block, head } of heads) {
    const found = await selectHeadAt(executor, merchant_id, BigInt(block));
    if (found !== head)
      wrong.push(
        `merchant ${merchant_id}, block ${block}: signed on ${day} as ${head}, now ${found ?? "gone"}`,
      );
  }
  return wrong;
}
