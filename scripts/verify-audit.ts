/**
 * Verifies an export of the audit trail. It needs only Node: no database, and no trust in the server.
 *
 *   node scripts/verify-audit.ts FILE [--key FILE] [--after FILE|HASH]
 *
 * FILE        the answer to GET /api/v1/audit/export
 * --key       the public key that must have signed it: a PEM, or a file of signed heads
 * --after     what was kept earlier and must still be in this trail:
 *             an export, a file of signed heads, or an entry's hash
 *
 * The exit code is 0 if everything holds; otherwise 1, with the first bad line.
 * docs/guides/audit.md lists the checks.
 */
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";

type Fields = Readonly<Record<string, unknown>>;
type Signed = { readonly statement: string; readonly public_key: string; readonly signature: string };
type Header = {
  readonly merchant: string;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly previous: string;
  readonly head: string;
  readonly signed: Signed | null;
};
/** What was kept earlier: the hash of an entry, and its merchant and number if known. */
type Kept = { readonly hash: string; readonly merchant?: string; readonly seq?: number };

const FORMAT = "onegate-audit-1";
const HEADER = ["exported_at", "format", "from_seq", "head", "merchant", "previous", "signed", "to_seq"];
const ENTRY = [
  "action",
  "actor",
  "address",
  "after",
  "at",
  "before",
  "count",
  "device_id",
  "hash",
  "merchant_id",
  "outlet_id",
  "previous_hash",
  "request_id",
  "seq",
  "subject",
];
const NO_HASH = "0".repeat(64);
const HASH = /^[0-9a-f]{64}$/;
const AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

class Bad extends Error {}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Bad(otherwise);
}

/** JSON in canonical form (RFC 8785). */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = value as Fields;
    return `{${Object.keys(fields)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${canonical(fields[name])}`)
      .join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Reads a file line by line, without loading it whole. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const bytes of createReadStream(file)) {
    const lines = (rest + decoder.decode(bytes as Buffer, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

function fieldsOf(line: string, names: readonly string[]): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new Bad("is not JSON");
  }
  must(typeof parsed === "object" && parsed !== null && !Array.isArray(parsed), "is not a JSON object");
  must(canonical(parsed) === line, "is not in canonical form (RFC 8785)");
  must(Object.keys(parsed).sort().join() === names.join(), `has not exactly the fields ${names.join(", ")}`);
  return parsed as Fields;
}

function isCount(value: unknown, min: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min;
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && HASH.test(value);
}

function fitsSignature({ statement, public_key, signature }: Signed): boolean {
  try {
    return verify(
      null,
      Buffer.from(statement),
      createPublicKey(public_key),
      Buffer.from(signature, "base64"),
    );
  } catch {
    return false;
  }
}

function isSigned(value: unknown): value is Signed {
  if (typeof value !== "object" || value === null) return false;
  const { statement, public_key, signature } = value as Partial<Signed>;
  return typeof statement === "string" && typeof public_key === "string" && typeof signature === "string";
}

function isSameKey(pem: string, key: KeyObject): boolean {
  return createPublicKey(pem)
    .export({ type: "spki", format: "der" })
    .equals(key.export({ type: "spki", format: "der" }));
}

function readHeader(line: string, key: KeyObject | undefined): Header {
  const header = fieldsOf(line, HEADER);
  must(header["format"] === FORMAT, `is of the format ${String(header["format"])}, not ${FORMAT}`);
  must(
    typeof header["merchant"] === "string" &&
      isCount(header["from_seq"], 1) &&
      isCount(header["to_seq"], 0) &&
      isHash(header["previous"]) &&
      isHash(header["head"]),
    "is no header",
  );
  const { signed, ...said } = header;
  if (signed === null) must(!key, "is not signed");
  else {
    must(isSigned(signed), "has a signature without its parts");
    must(signed.statement === canonical(said), "says something else than what was signed");
    must(fitsSignature(signed), "has a signature that does not fit");
    must(!key || isSameKey(signed.public_key, key), "was signed by another key");
  }
  return header as unknown as Header;
}

/** Checks an entry and returns its hash, which the next entry contains. */
function checkEntry(line: string, merchant: string, seq: number, previous: string): string {
  const { hash, ...content } = fieldsOf(line, ENTRY);
  must(content["merchant_id"] === merchant, "is another merchant's");
  must(content["seq"] === seq, `is entry ${String(content["seq"])} where entry ${seq} belongs`);
  must(
    typeof content["at"] === "string" && AT.test(content["at"]) && isCount(content["count"], 1),
    "has no time or no count",
  );
  must(content["previous_hash"] === previous, `does not stand on entry ${seq - 1}`);
  must(
    typeof hash === "string" && createHash("sha256").update(canonical(content)).digest("hex") === hash,
    "has a hash that is not its content's",
  );
  return hash;
}

function readKept(given: string, merchant: string, key: KeyObject | undefined): Kept {
  if (HASH.test(given)) return { hash: given };
  must(existsSync(given), `${given} is neither a file nor a hash`);
  const [first = ""] = readFileSync(given, "utf8").split("\n");
  const parsed = JSON.parse(first) as Fields;
  if (!isSigned(parsed)) {
    const header = readHeader(first, key);
    return { hash: header.head, merchant: header.merchant, seq: header.to_seq };
  }
  must(
    fitsSignature(parsed) && (!key || isSameKey(parsed.public_key, key)),
    `${given} is not signed as it should be`,
  );
  const { audit = [] } = JSON.parse(parsed.statement) as {
    audit?: ReadonlyArray<{ merchant_id: string; seq: number; head: string }>;
  };
  const found = audit.find(({ merchant_id }) => merchant_id === merchant);
  must(found !== undefined, `${given} tells nothing of the merchant ${merchant}`);
  return { hash: found.head, merchant, seq: found.seq };
}

/** Whether an entry of the trail is the one that was kept. */
function passes(kept: Kept, seq: number, hash: string): boolean {
  if (kept.seq === seq) must(hash === kept.hash, `entry ${seq} was kept as ${kept.hash}, here it is ${hash}`);
  return hash === kept.hash && (kept.seq === undefined || kept.seq === seq);
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { key: { type: "string" }, after: { type: "string" } },
  });
  const [file] = positionals;
  must(
    file !== undefined && positionals.length === 1,
    "give one FILE: node scripts/verify-audit.ts FILE [--key FILE] [--after FILE|HASH]",
  );
  const key = values.key === undefined ? undefined : keyOf(readFileSync(values.key, "utf8"));

  let number = 0;
  let header: Header | undefined;
  let kept: Kept | undefined;
  let [seq, hash, isKeptSeen] = [0, NO_HASH, false];
  try {
    for await (const line of linesOf(file)) {
      number += 1;
      if (!header) {
        header = readHeader(line, key);
        [seq, hash] = [header.from_seq - 1, header.previous];
        must(seq > 0 || hash === NO_HASH, "begins at entry 1 but not at the chain's begin");
      } else {
        must(seq < header.to_seq, `stands behind entry ${header.to_seq}, the last by the header`);
        hash = checkEntry(line, header.merchant, seq + 1, hash);
        seq += 1;
      }
      if (number === 1 && values.after !== undefined) {
        kept = readKept(values.after, header.merchant, key);
        must(
          kept.merchant === undefined || kept.merchant === header.merchant,
          "is another merchant's than what was kept",
        );
      }
      if (kept && passes(kept, seq, hash)) isKeptSeen = true;
    }
    number += 1;
    must(header !== undefined, "has no header");
    must(
      seq === header.to_seq,
      `is missing: the file ends at entry ${seq}, the header says ${header.to_seq}`,
    );
    must(hash === header.head, `is missing: the chain ends in ${hash}, the header says ${header.head}`);
  } catch (error) {
    if (error instanceof Bad || error instanceof TypeError)
      throw new Bad(`line ${Math.max(number, 1)}: ${error.message}`);
    throw error;
  }
  must(
    !kept || isKeptSeen,
    kept?.seq === undefined
      ? `no entry has the hash ${kept?.hash}`
      : `the file does not reach entry ${kept.seq}, which was kept`,
  );

  const signature =
    header.signed === null
      ? "not signed"
      : key
        ? "signed by the given key"
        : "signed, by whom was not asked (--key)";
  process.stdout.write(
    `The trail holds: merchant ${header.merchant}, entries ${header.from_seq} to ${header.to_seq}, ` +
      `head ${header.head}; ${signature}${kept ? "; it goes on from what was kept" : ""}.\n`,
  );
}

function keyOf(text: string): KeyObject {
  const [first = ""] = text.split("\n");
  return createPublicKey(first.startsWith("{") ? (JSON.parse(first) as Signed).public_key : text);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`BROKEN  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
