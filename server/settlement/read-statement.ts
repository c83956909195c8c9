import { isRefusal, MAX_MINOR, refuse, type Currency, type Refusal } from "@onegate/contract";
import { CsvError, parse } from "csv-parse/sync";
import { readAmount } from "./amount.ts";
import type { Field, Layout } from "./layout.ts";
import { readMoment, type Moment } from "./moment.ts";
import { identityOf, type NewRow } from "./statement.ts";

/** The contents of a file: the rows that move money, and how many rows were skipped. */
export type ReadStatement = { readonly rows: readonly NewRow[]; readonly skipped: number };

/** Columns with personal data are not kept. */
const PERSONAL =
  /customer|pelanggan|payer|pembayar|nama|(?<!file)name|e-?mail|surel|phone|telepon|\bhp\b|whatsapp|alamat|address|catatan|note/i;
/** Some exports have a title above their headers. */
const HEADERS_WITHIN = 20;
const HEAD_CHARACTERS = 20_000;
/** Parsing this many cells blocks the process for about a second. */
const MAX_CELLS = 200_000;

/**
 * Reads a provider's file: CSV in UTF-8, or in UTF-16 with a byte order mark; cells separated by comma,
 * semicolon, tab or bar, quoted where needed, with either line ending. Refuses `statement_unreadable` (not
 * such a file, with its `row`), `statement_column_missing` (with the `field`), `statement_row_invalid` (with
 * `row`, `field` and `problem`) and `statement_empty`. A file with one row that can't be read is refused as a
 * whole.
 */
export function readStatement(
  bytes: Uint8Array,
  layout: Layout,
  currency: Currency,
): ReadStatement | Refusal {
  const text = decode(bytes);
  if (text === undefined) return refuse("statement_unreadable", { problem: "encoding" });
  const lines = splitCells(text);
  if (isRefusal(lines)) return lines;
  const header = findHeader(lines, layout);
  if (isRefusal(header)) return header;
  const rows: NewRow[] = [];
  let skipped = 0;
  let moved = 0n;
  for (const { line, cells } of lines.slice(header.at + 1)) {
    if (cells.length !== header.names.length)
      return refuse("statement_row_invalid", {
        row: line,
        field: "*",
        problem: `${cells.length}_cells_instead_of_${header.names.length}`,
      });
    const row = readRow(line, cells, header, layout, currency);
    if (isRefusal(row)) return row;
    if (row === "skip") {
      skipped += 1;
      continue;
    }
    // the sums of a file must stay within the limit of one posting
    moved += size(row.gross) + size(row.fee);
    if (moved > MAX_MINOR)
      return refuse("statement_row_invalid", { row: line, field: "gross", problem: "amount_too_large" });
    rows.push(row);
  }
  return rows.length === 0 ? refuse("statement_empty") : { rows, skipped };
}

const size = (minor: bigint) => (minor < 0n ? -minor : minor);

function decode(bytes: Uint8Array): string | undefined {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

type Line = { readonly line: number; readonly cells: readonly string[] };

function splitCells(text: string): Line[] | Refusal {
  const delimiter = delimiterOf(text);
  if (text.split(delimiter).length + text.split("\n").length > MAX_CELLS)
    return refuse("statement_unreadable", { problem: "too_many_cells" });
  try {
    const records = parse(text, {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as ReadonlyArray<{ info: { lines: number }; record: string[] }>;
    return records
      .map(({ info, record }) => ({ line: info.lines, cells: record.map((cell) => cell.trim()) }))
      .filter(({ cells }) => cells.some((cell) => cell !== ""));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    return refuse("statement_unreadable", {
      ...(typeof lines === "number" ? { row: lines } : {}),
      problem: error.code.toLowerCase(),
    });
  }
}

/** The separator that occurs most often outside of quotes in the first lines. */
function delimiterOf(text: string): string {
  const head = text
    .slice(0, HEAD_CHARACTERS)
    .split(/\r?\n/, HEADERS_WITHIN)
    .join("\n")
    .replaceAll(/"(?:[^"]|"")*"/g, "");
  const [best = ","] = [",", ";", "\t", "|"].sort((a, b) => head.split(b).length - head.split(a).length);
  return best;
}

type Header = {
  readonly at: number;
  readonly names: readonly string[];
  readonly places: Readonly<Partial<Record<Field, number>>>;
};

const plainName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[\s_]+/g, " ")
    .trim();

/** The first line that has all the required columns. */
function findHeader(lines: readonly Line[], layout: Layout): Header | Refusal {
  let missing: Field | undefined;
  for (const [at, { cells }] of lines.slice(0, HEADERS_WITHIN).entries()) {
    const names = cells.map(plainName);
    const places: Partial<Record<Field, number>> = {};
    for (const [field, accepted] of Object.entries(layout.columns) as Array<[Field, readonly string[]]>) {
      const place = accepted.map((name) => names.indexOf(plainName(name))).find((index) => index >= 0);
      if (place !== undefined) places[field] = place;
    }
    const lacks = whatLacks(places);
    if (!lacks) return { at, names: cells, places };
    // the line that looks most like a header shows best what is missing
    if (places.gross !== undefined || places.reference !== undefined) missing ??= lacks;
  }
  const field = missing ?? "gross";
  return refuse("statement_column_missing", { field, known: (layout.columns[field] ?? []).join(", ") });
}

function whatLacks(places: Header["places"]): Field | undefined {
  if (places.gross === undefined) return "gross";
  if (places.fee === undefined && places.net === undefined) return "net";
  if (places.paid === undefined) return "paid";
  return places.reference === undefined && places.merchant_ref === undefined ? "reference" : undefined;
}

function readRow(
  line: number,
  cells: readonly string[],
  { names, places }: Header,
  layout: Layout,
  currency: Currency,
): NewRow | "skip" | Refusal {
  const cell = (field: Field): string => cells[places[field] ?? -1] ?? "";
  const wrong = (field: Field, problem: string) =>
    refuse("statement_row_invalid", { row: line, field, problem });
  const sum = (field: Field): bigint | Refusal | undefined => {
    if (cell(field) === "" || cell(field) === "-") return undefined;
    const minor = readAmount(cell(field), layout.decimal, currency);
    return isRefusal(minor) ? wrong(field, minor.refusal) : minor;
  };

  const kindName = cell("kind").toLowerCase();
  const kind =
    kindName === "" && places.kind === undefined
      ? "payment"
      : Object.hasOwn(layout.kinds, kindName)
        ? layout.kinds[kindName]
        : undefined;
  if (!kind) return wrong("kind", "unknown");
  if (kind === "skip") return "skip";
  if (cell("currency") !== "" && cell("currency").toUpperCase() !== currency)
    return wrong("currency", "currency_differs");

  const sums = sumsOf(
    kind,
    layout,
    { gross: sum("gross"), fee: sum("fee"), payerFee: sum("payer_fee"), net: sum("net") },
    wrong,
  );
  if (isRefusal(sums)) return sums;
  const paid = momentOf(cell("paid"), layout);
  if (!paid) return wrong("paid", cell("paid") === "" ? "missing" : "date_malformed");
  const settled =
    cell("settled") === "" || cell("settled") === "-" ? null : momentOf(cell("settled"), layout);
  if (settled === undefined) return wrong("settled", "date_malformed");
  const [reference, merchantRef] = [refOf(cell("reference"), 80), refOf(cell("merchant_ref"), 64)];
  if (reference === undefined) return wrong("reference", "too_long");
  if (merchantRef === undefined) return wrong("merchant_ref", "too_long");
  if (kind !== "adjustment" && reference === null && merchantRef === null)
    return wrong(places.reference === undefined ? "merchant_ref" : "reference", "missing");

  const row = {
    line,
    kind,
    reference,
    merchantRef,
    ...sums,
    paidDay: paid.day,
    paidTime: paid.time,
    settledDay: settled?.day ?? null,
  };
  return {
    ...row,
    identity: identityOf(row),
    raw: Object.fromEntries(
      names.flatMap((name, index) =>
        PERSONAL.test(name) && !Object.values(places).includes(index) ? [] : [[name, cells[index] ?? ""]],
      ),
    ),
  };
}

type Sums = { readonly gross: bigint; readonly fee: bigint; readonly net: bigint };
type GivenSums = Readonly<Record<"gross" | "fee" | "payerFee" | "net", bigint | Refusal | undefined>>;

/**
 * Gross, fee and net with our signs. A missing amount is computed from the other two; the given ones must
 * agree.
 */
function sumsOf(
  kind: NewRow["kind"],
  { signs }: Layout,
  given: GivenSums,
  wrong: (field: Field, problem: string) => Refusal,
): Sums | Refusal {
  for (const sum of Object.values(given)) if (isRefusal(sum)) return sum;
  const {
    gross: shown,
    fee: shownFee,
    payerFee = 0n,
    net: shownNet,
  } = given as Readonly<Record<keyof GivenSums, bigint | undefined>>;
  if (shown === undefined) return wrong("gross", "missing");
  const back = kind === "refund" && signs.refund === "plus" ? -1n : 1n;
  const gross = back * (shown - payerFee);
  const net = shownNet === undefined ? undefined : back * shownNet;
  const fee =
    shownFee !== undefined
      ? signs.fee === "minus"
        ? -shownFee
        : shownFee
      : net !== undefined
        ? gross - net
        : 0n;
  if (kind === "payment" && gross <= 0n) return wrong("gross", "amount_not_positive");
  if (kind === "refund" && gross >= 0n) return wrong("gross", "refund_above_zero");
  if (net !== undefined && net !== gross - fee) return wrong("net", "net_is_not_gross_less_fee");
  return { gross, fee, net: gross - fee };
}

function momentOf(text: string, layout: Layout): Moment | undefined {
  return readMoment(text, layout.dates, layout.time_zone);
}

/**
 * A reference without the marks that spreadsheets add to keep it a text: `'123`, `="123"`. Undefined where it
 * is too long.
 */
function refOf(text: string, maxLength: number): string | null | undefined {
  const bare = text.replace(/^="(.*)"$/, "$1").replace(/^'/, "");
  return bare.length > maxLength ? undefined : bare === "" || bare === "-" ? null : bare;
}
