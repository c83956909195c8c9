import { canonicalGtin } from "@onegate/contract";

export type ProductRow = {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly name: string;
  /** Whole rupiah. */
  readonly rupiah: number;
  readonly category?: string;
  readonly barcode?: string;
  readonly stock?: number;
};

export type FaultCode =
  | "columns_unknown"
  | "name_missing"
  | "name_long"
  | "name_twice"
  | "price_missing"
  | "price_unreadable"
  | "barcode_wrong"
  | "barcode_twice"
  | "stock_unreadable"
  | "too_many";
export type Fault = { readonly line: number; readonly why: FaultCode; readonly text: string };
export type Products = { readonly rows: readonly ProductRow[]; readonly faults: readonly Fault[] };

const MAX_ROWS = 2_000;
const MAX_LENGTHS = { name: 100, category: 60 } as const;
const MAX_STOCK = 1_000_000;

const columns = ["name", "price", "category", "barcode", "stock"] as const;
type Column = (typeof columns)[number];

/** Accepted names of the columns, in Indonesian and English. */
const called: Readonly<Record<Column, readonly string[]>> = {
  name: [
    "nama",
    "nama barang",
    "nama produk",
    "nama menu",
    "produk",
    "barang",
    "menu",
    "item",
    "name",
    "product",
    "product name",
    "item name",
  ],
  price: ["harga", "harga jual", "harga satuan", "harga rp", "price", "selling price", "unit price"],
  category: ["kategori", "jenis", "kelompok", "category", "group"],
  barcode: ["barcode", "kode batang", "kode barcode", "ean", "ean13", "gtin"],
  stock: ["stok", "stok awal", "jumlah", "persediaan", "qty", "stock", "quantity"],
};

/**
 * Reads a list of products as Indonesian spreadsheets write it: separated by tabs, semicolons or commas. The
 * header is in Indonesian or English; without one the columns are name, price, category, barcode, stock. Each
 * line that can't be read becomes a fault.
 */
export function readProducts(text: string): Products {
  const records = parse(text.replace(/^\uFEFF/, ""));
  const [first] = records;
  if (!first) return { rows: [], faults: [] };
  const header = columnsOf(first.cells);
  if (header === "unknown")
    return { rows: [], faults: [{ line: first.line, why: "columns_unknown", text: shown(first.cells) }] };
  const places = header ?? new Map(columns.map((column, place) => [column, place]));
  const rows: ProductRow[] = [];
  const faults: Fault[] = [];
  const names = new Set<string>();
  const barcodes = new Set<string>();
  for (const { line, cells } of header ? records.slice(1) : records) {
    const row = toRow(line, (column) => cells[places.get(column) ?? -1]?.trim() ?? "");
    const fault = (why: FaultCode) => faults.push({ line, why, text: shown(cells) });
    if (typeof row === "string") fault(row);
    else if (names.has(row.name.toLowerCase())) fault("name_twice");
    else if (row.barcode !== undefined && barcodes.has(row.barcode)) fault("barcode_twice");
    else if (rows.length >= MAX_ROWS) fault("too_many");
    else {
      rows.push(row);
      names.add(row.name.toLowerCase());
      if (row.barcode !== undefined) barcodes.add(row.barcode);
    }
  }
  return { rows, faults };
}

const shown = (cells: readonly string[]) =>
  cells
    .map((cell) => cell.trim())
    .filter(Boolean)
    .join(" · ");

function toRow(line: number, cell: (column: Column) => string): ProductRow | FaultCode {
  const [name, category] = [cell("name"), cell("category")];
  if (name === "") return "name_missing";
  if (name.length > MAX_LENGTHS.name || category.length > MAX_LENGTHS.category) return "name_long";
  if (cell("price") === "") return "price_missing";
  const rupiah = toRupiah(cell("price"));
  if (rupiah === undefined) return "price_unreadable";
  const barcode = toBarcode(cell("barcode"));
  if (barcode === undefined) return "barcode_wrong";
  const stock = toWhole(cell("stock"));
  if (stock === undefined || (stock !== "" && stock > MAX_STOCK)) return "stock_unreadable";
  return {
    line,
    name,
    rupiah,
    ...(category === "" ? {} : { category }),
    ...(barcode === "" ? {} : { barcode }),
    ...(stock === "" ? {} : { stock }),
  };
}

/** Reads `25000`, `25.000`, `Rp 25.000,-`, `25,000.00`, `25rb` and `25k` alike. Sen are refused. */
export function toRupiah(text: string): number | undefined {
  const plain = text
    .replace(/^(?:rp|idr)\.?/i, "")
    .replace(/[\s\u00a0]/g, "")
    .replace(/,-+$/, "");
  const thousands = /^([0-9]{1,6})(?:rb|ribu|k)$/i.exec(plain)?.[1];
  if (thousands !== undefined) return Number(thousands) * 1_000;
  const whole = toWhole(plain);
  return whole === "" ? undefined : whole;
}

const GROUPED = [
  /^[0-9]{1,3}(?:\.[0-9]{3})+(?:,0{1,2})?$/,
  /^[0-9]{1,3}(?:,[0-9]{3})+(?:\.0{1,2})?$/,
  /^[0-9]+(?:[.,]0{1,2})?$/,
];
const MAX_NUMBER_LENGTH = 12;

/** Reads a whole number with or without thousands separators; decimals must be 0. Empty text gives `""`. */
function toWhole(text: string): number | "" | undefined {
  if (text === "") return "";
  const form = GROUPED.findIndex((each) => each.test(text));
  if (form === -1) return undefined;
  const digits = text.replace(/[.,]0{1,2}$/, "").replace(/[.,]/g, "");
  return digits.length <= MAX_NUMBER_LENGTH ? Number(digits) : undefined;
}

/** Reads a GTIN of any length in canonical form. Spreadsheets put `'` before it to keep leading zeros. */
function toBarcode(text: string): string | undefined {
  const code = text.replace(/^'/, "").trim();
  return code === "" ? "" : canonicalGtin(code);
}

/** The position of each column in the header; undefined if the first line is already a product. */
function columnsOf(cells: readonly string[]): Map<Column, number> | "unknown" | undefined {
  const found = new Map<Column, number>();
  for (const [place, cell] of cells.entries()) {
    const plain = cell
      .trim()
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, " ")
      .trim();
    const column = columns.find((each) => called[each].includes(plain));
    if (column && !found.has(column)) found.set(column, place);
  }
  if (found.has("name") && found.has("price")) return found;
  return cells.some((cell) => /[0-9]/.test(cell)) ? undefined : "unknown";
}

type CsvRecord = { readonly line: number; readonly cells: readonly string[] };

/** Parses RFC 4180 with any of three separators. Empty lines are left out. */
function parse(text: string): CsvRecord[] {
  const mark = markOf(text);
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  let line = 1;
  let begun = 1;
  const endRecord = () => {
    cells.push(cell);
    if (cells.some((each) => each.trim() !== "")) records.push({ line: begun, cells });
    cells = [];
    cell = "";
  };
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    if (letter === "\n") line += 1;
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text.charAt(i + 1) === '"') cell += text.charAt(++i);
      else isQuoted = false;
    } else if (letter === '"' && cell.trim() === "") {
      isQuoted = true;
      cell = "";
    } else if (letter === mark) {
      cells.push(cell);
      cell = "";
    } else if (letter === "\n") {
      endRecord();
      begun = line;
    } else if (letter !== "\r") cell += letter;
  }
  endRecord();
  return records;
}

/** The separator: the one used, outside quotes, in the first line that has any. */
function markOf(text: string): string {
  for (const line of text.split("\n")) {
    const bare = line.replace(/"[^"]*"/g, "");
    const mark = ["\t", ";", ","].find((each) => bare.includes(each));
    if (mark !== undefined) return mark;
  }
  return ",";
}

/** The text of a file in UTF-8, or else in Windows-1252, as old spreadsheets save it. */
export function toText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
