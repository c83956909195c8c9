import { IDR } from "./currency.ts";
import { divide, money, toDecimal, type Money } from "./money.ts";

/**
 * QRIS: the merchant-presented EMV payload as profiled by Bank Indonesia and ASPI. A payload is a sequence of
 * fields, each with a two-digit tag, a two-digit length in characters and a value. Tag 00 comes first, 63
 * (the checksum) last, the rest in any order. So payloads are always read and written field by field, never
 * searched as text.
 */
export type QrisField = { readonly tag: string; readonly value: string };

/** Why a payload is invalid or can't be made; `tag` names the field, if there is one. */
export type QrisProblem = { readonly problem: QrisProblemCode; readonly tag?: string };

export type QrisProblemCode =
  | "payload_too_long"
  | "field_malformed"
  | "tag_repeated"
  | "format_not_first"
  | "crc_not_last"
  | "crc_wrong"
  | "tag_missing"
  | "value_invalid"
  | "amount_malformed"
  | "tip_malformed"
  | "currency_not_rupiah"
  | "transfer_not_purchase"
  | "already_dynamic";

/** A tip on top of the amount: chosen by the payer, fixed, or a share in hundredths of a percent. */
export type QrisTip =
  | { readonly kind: "asked" }
  | { readonly kind: "fixed"; readonly fee: Money }
  | { readonly kind: "percent"; readonly basisPoints: number };

export type QrisAccount = {
  readonly tag: string;
  /** Reverse domain of the acquirer, such as `ID.DANA.WWW`. */
  readonly domain: string;
  readonly pan: string | null;
  readonly merchantId: string | null;
  readonly criteria: string | null;
};

export type Qris = {
  /** All fields in their order, without the checksum. */
  readonly fields: readonly QrisField[];
  readonly initiation: "static" | "dynamic";
  readonly accounts: readonly QrisAccount[];
  /** National merchant id, from the domestic repository (tag 51). */
  readonly nmid: string | null;
  readonly categoryCode: string;
  readonly amount: Money | null;
  readonly tip: QrisTip | null;
  readonly merchantName: string;
  readonly city: string;
  readonly postalCode: string;
  /** Tag 62 by sub-tag: `01` bill number, `05` reference label, `07` terminal label. */
  readonly additional: ReadonlyMap<string, string>;
};

const MAX_LENGTH = 512;
const TRANSFER_CATEGORY = "4829";

/** Patterns of the plain fields, by tag. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  "00": /^01$/,
  "01": /^1[12]$/,
  "52": /^\d{4}$/,
  "53": /^360$/,
  "55": /^0[123]$/,
  "58": /^ID$/,
  "59": /^.{1,25}$/u,
  "60": /^.{1,15}$/u,
  "61": /^.{1,10}$/u,
};
const MANDATORY = ["52", "53", "58", "59", "60", "61"];

export function isQrisProblem(value: unknown): value is QrisProblem {
  return typeof value === "object" && value !== null && "problem" in value;
}

/** CRC-16/CCITT-FALSE over the UTF-8 bytes, four upper-case hex digits: `123456789` → `29B1`. */
export function crc16(text: string): string {
  let crc = 0xffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc.toString(16).toUpperCase().padStart(4, "0");
}

/** Reads a sequence of fields, at the top level or inside a template. */
export function parseFields(text: string): QrisField[] | QrisProblem {
  const characters = Array.from(text);
  const fields: QrisField[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < characters.length; ) {
    const head = characters.slice(at, at + 4).join("");
    if (!/^\d{4}$/.test(head)) return { problem: "field_malformed" };
    const tag = head.slice(0, 2);
    const end = at + 4 + Number(head.slice(2));
    if (end > characters.length) return { problem: "field_malformed", tag };
    if (seen.has(tag)) return { problem: "tag_repeated", tag };
    seen.add(tag);
    fields.push({ tag, value: characters.slice(at + 4, end).join("") });
    at = end;
  }
  return fields;
}

/**
 * Writes fields in the given order. A tag that is not two digits, or a value of more than 99 characters, is a
 * problem.
 */
export function encodeFields(fields: readonly QrisField[]): string | QrisProblem {
  let text = "";
  for (const { tag, value } of fields) {
    const length = Array.from(value).length;
    if (!/^\d\d$/.test(tag) || length > 99) return { problem: "value_invalid", tag };
    text += tag + String(length).padStart(2, "0") + value;
  }
  return text;
}

/** Writes a payload: the fields in their order, then the checksum. */
export function encodeQris(fields: readonly QrisField[]): string | QrisProblem {
  const body = encodeFields(fields);
  if (isQrisProblem(body)) return body;
  const unsealed = `${body}6304`;
  const payload = unsealed + crc16(unsealed);
  return Array.from(payload).length > MAX_LENGTH ? { problem: "payload_too_long" } : payload;
}

/**
 * Reads and checks a payload. A code for transfers between people (tag 40, category 4829) is not a purchase.
 */
export function parseQris(payload: string): Qris | QrisProblem {
  if (Array.from(payload).length > MAX_LENGTH) return { problem: "payload_too_long" };
  const all = parseFields(payload);
  if (isQrisProblem(all)) return all;
  if (all[0]?.tag !== "00") return { problem: "format_not_first" };
  const checksum = all.at(-1);
  if (checksum?.tag !== "63") return { problem: "crc_not_last" };
  // some issuers write the hexadecimal digits in lower case
  if (checksum.value.toUpperCase() !== crc16(payload.slice(0, -4))) return { problem: "crc_wrong" };
  return read(all.slice(0, -1));
}

function read(fields: readonly QrisField[]): Qris | QrisProblem {
  const values = new Map(fields.map(({ tag, value }) => [tag, value]));
  const value = (tag: string) => values.get(tag) ?? "";
  if (value("52") === TRANSFER_CATEGORY || (values.has("40") && !values.has("26")))
    return { problem: "transfer_not_purchase" };
  for (const tag of MANDATORY) if (!values.has(tag)) return { problem: "tag_missing", tag };
  for (const [tag, shape] of Object.entries(SHAPES)) {
    if (values.has(tag) && !shape.test(value(tag))) return { problem: "value_invalid", tag };
  }
  if (!fields.some(({ tag }) => tag >= "02" && tag <= "51")) return { problem: "tag_missing", tag: "26" };
  const initiation = value("01") === "12" ? "dynamic" : "static";
  if (value("01") === "11" && !values.has("51")) return { problem: "tag_missing", tag: "51" };

  const templates = readTemplates(fields);
  if (isQrisProblem(templates)) return templates;
  const amount = values.has("54") ? readAmount(value("54")) : null;
  if (amount === undefined) return { problem: "amount_malformed", tag: "54" };
  const tip = readTip(values);
  if (tip === undefined) return { problem: "tip_malformed", tag: "55" };
  return {
    fields,
    initiation,
    accounts: [...templates].filter(([tag]) => tag <= "50").map(([tag, sub]) => readAccount(tag, sub)),
    nmid: templates.get("51")?.get("02") ?? null,
    categoryCode: value("52"),
    amount,
    tip,
    merchantName: value("59"),
    city: value("60"),
    postalCode: value("61"),
    additional: templates.get("62") ?? new Map(),
  };
}

function readTemplates(fields: readonly QrisField[]): Map<string, Map<string, string>> | QrisProblem {
  const templates = new Map<string, Map<string, string>>();
  for (const { tag, value } of fields) {
    if (tag !== "62" && (tag < "26" || tag > "51")) continue;
    const inner = parseFields(value);
    if (isQrisProblem(inner)) return { problem: inner.problem, tag };
    templates.set(tag, new Map(inner.map((field) => [field.tag, field.value])));
  }
  return templates;
}

function readAccount(tag: string, sub: ReadonlyMap<string, string>): QrisAccount {
  const part = (subTag: string) => sub.get(subTag) ?? null;
  return { tag, domain: sub.get("00") ?? "", pan: part("01"), merchantId: part("02"), criteria: part("03") };
}

/** Rupiah with at most two decimals, above zero: `12500`, `39000.00`. */
function readAmount(text: string): Money | undefined {
  const match = /^(\d{1,13})(?:\.(\d{0,2}))?$/.exec(text);
  if (!match || text.length > 13) return undefined;
  const minor = BigInt((match[1] ?? "") + (match[2] ?? "").padEnd(2, "0"));
  return minor > 0n ? money(minor, IDR) : undefined;
}

function readTip(values: ReadonlyMap<string, string>): QrisTip | null | undefined {
  switch (values.get("55")) {
    case undefined:
      return values.has("56") || values.has("57") ? undefined : null;
    case "01":
      return { kind: "asked" };
    case "02": {
      const fee = readAmount(values.get("56") ?? "");
      return fee && { kind: "fixed", fee };
    }
    default: {
      const percent = values.get("57") ?? "";
      const match = /^(\d{1,2})(?:\.(\d{1,2}))?$/.exec(percent);
      const basisPoints = match ? Number((match[1] ?? "") + (match[2] ?? "").padEnd(2, "0")) : 0;
      return basisPoints > 0 ? { kind: "percent", basisPoints } : undefined;
    }
  }
}

/**
 * What the payer's app will charge: the amount with the fixed or percent fee, rounded half up to the sen;
 * null if the payer enters it.
 */
export function amountDue({ amount, tip }: Qris): Money | null {
  if (!amount || tip?.kind === "asked") return null;
  if (!tip) return amount;
  const fee =
    tip.kind === "fixed" ? tip.fee.minor : divide(amount.minor * BigInt(tip.basisPoints), 10_000n, "halfUp");
  return money(amount.minor + fee, IDR);
}

/** Rupiah in the form of tag 54: no decimals if there are no sen. */
function writeAmount(amount: Money): string | QrisProblem {
  if (amount.currency !== IDR) return { problem: "currency_not_rupiah", tag: "54" };
  const text = toDecimal(amount).replace(/\.00$/, "");
  return readAmount(text) ? text : { problem: "amount_malformed", tag: "54" };
}

/**
 * Fills the amount into a static payload. It only saves the payer the typing: the acquirer doesn't know the
 * order, so it does not confirm the payment. Tip fields are dropped, because the amount is final.
 */
export function toDynamic(payload: string, amount: Money): string | QrisProblem {
  const parsed = parseQris(payload);
  if (isQrisProblem(parsed)) return parsed;
  if (parsed.initiation === "dynamic") return { problem: "already_dynamic", tag: "01" };
  const text = writeAmount(amount);
  if (isQrisProblem(text)) return text;
  const dropped = new Set(["00", "01", "54", "55", "56", "57"]);
  const kept = parsed.fields.filter(({ tag }) => !dropped.has(tag));
  const withAmount = kept.flatMap((field) =>
    field.tag === "53" ? [field, { tag: "54", value: text }] : [field],
  );
  return encodeQris([{ tag: "00", value: "01" }, { tag: "01", value: "12" }, ...withAmount]);
}

export type QrisParts = {
  readonly account: {
    readonly domain: string;
    readonly pan: string;
    readonly merchantId: string;
    readonly criteria: string;
  };
  readonly nmid: string;
  readonly categoryCode: string;
  /** Null makes a static payload. */
  readonly amount: Money | null;
  readonly merchantName: string;
  readonly city: string;
  readonly postalCode: string;
  /** Sub-fields of tag 62, in order. */
  readonly additional?: readonly QrisField[];
};

/** Makes a payload from its parts, or returns the part that is invalid. */
export function makeQris(parts: QrisParts): string | QrisProblem {
  const { domain, pan, merchantId, criteria } = parts.account;
  const amount = parts.amount && writeAmount(parts.amount);
  if (isQrisProblem(amount)) return amount;
  const account = encodeFields(numbered([domain, pan, merchantId, criteria]));
  if (isQrisProblem(account)) return { ...account, tag: "26" };
  const repository = encodeFields([
    { tag: "00", value: "ID.CO.QRIS.WWW" },
    { tag: "02", value: parts.nmid },
    { tag: "03", value: criteria },
  ]);
  if (isQrisProblem(repository)) return { ...repository, tag: "51" };
  const additional = encodeFields(parts.additional ?? []);
  if (isQrisProblem(additional)) return { ...additional, tag: "62" };
  const payload = encodeQris([
    { tag: "00", value: "01" },
    { tag: "01", value: amount ? "12" : "11" },
    { tag: "26", value: account },
    { tag: "51", value: repository },
    { tag: "52", value: parts.categoryCode },
    { tag: "53", value: "360" },
    ...(amount ? [{ tag: "54", value: amount }] : []),
    { tag: "58", value: "ID" },
    { tag: "59", value: parts.merchantName },
    { tag: "60", value: parts.city },
    { tag: "61", value: parts.postalCode },
    ...(additional ? [{ tag: "62", value: additional }] : []),
  ]);
  if (isQrisProblem(payload)) return payload;
  const parsed = parseQris(payload);
  return isQrisProblem(parsed) ? parsed : payload;
}

function numbered(values: readonly string[]): QrisField[] {
  return values.map((value, index) => ({ tag: String(index).padStart(2, "0"), value }));
}
