import { isQrisProblem, parseFields, parseQris, type Qris } from "@onegate/contract";

/**
 * The merchant discount rate of QRIS: what acquirers may keep of a payment, as dated data. Sources: press on Bank Indonesia's
 * decisions (suara.com 2025-05-20, arahpublik 2023-08, fortuneidn 2023); what was due before the first row is not known here.
 * `upTo` is the largest amount of a payment that a row is for, in minor units; of several rows the first that fits counts.
 */
export type MdrRate = {
  readonly since: string;
  readonly classes: readonly string[];
  readonly upTo?: bigint;
  readonly basisPoints: number;
};

const LARGER = ["UKE", "UME", "UBE", "URE"] as const;
const PUBLIC = ["PSO", "BLU"] as const;

/** Newest first. */
export const MDR_RATES: readonly MdrRate[] = [
  { since: "2024-12-01", classes: ["UMI"], upTo: 50_000_000n, basisPoints: 0 },
  { since: "2023-07-01", classes: ["UMI"], basisPoints: 30 },
  { since: "2023-07-01", classes: LARGER, basisPoints: 70 },
  { since: "2023-07-01", classes: PUBLIC, basisPoints: 40 },
  { since: "2023-07-01", classes: ["EDU"], basisPoints: 60 },
  { since: "2023-07-01", classes: ["SOC"], basisPoints: 0 },
];

/** Category codes (ISO 18245) whose rate does not go by the merchant's size: schools and universities, charities. */
const CATEGORIES: Readonly<Record<string, string>> = { "8211": "EDU", "8220": "EDU", "8398": "SOC" };
/** A code that names no criteria is a regular merchant's. */
const REGULAR = "URE";

/** By what a payment's MDR goes: the criteria that its code names, or its category; undefined where the code can't be read. */
export function mdrClassOf(payload: string | null): string | undefined {
  const code = payload === null ? undefined : parseQris(payload);
  if (code === undefined || isQrisProblem(code)) return undefined;
  return CATEGORIES[code.categoryCode] ?? criteriaOf(code) ?? REGULAR;
}

function criteriaOf({ fields, accounts }: Qris): string | undefined {
  const repository = parseFields(fields.find(({ tag }) => tag === "51")?.value ?? "");
  const national = isQrisProblem(repository) ? undefined : repository.find(({ tag }) => tag === "03")?.value;
  return national ?? accounts.find(({ criteria }) => criteria !== null)?.criteria ?? undefined;
}

/** The rate of a payment of a class over an amount in minor units on a day (`YYYY-MM-DD`); undefined where none is known. */
export function mdrRate(mdrClass: string, amount: bigint, day: string): number | undefined {
  return MDR_RATES.find(
    ({ since, classes, upTo }) =>
      since <= day && classes.includes(mdrClass) && (upTo === undefined || amount <= upTo),
  )?.basisPoints;
}

export type MdrRow = {
  readonly payload: string | null;
  readonly gross: bigint;
  readonly fee: bigint;
  readonly day: string;
};

/** What a statement's rows of one class and rate say together; a finding where some differ. Minor units. */
export type MdrFinding = {
  readonly class: string;
  readonly basisPoints: number;
  readonly rows: number;
  readonly differing: number;
  readonly gross: bigint;
  readonly fee: bigint;
  readonly expected: bigint;
};

const BASIS = 10_000n;
/** How fees are rounded is laid down nowhere: what is less than a rupiah apart is the same. */
const RUPIAH = 100n;

/** Holds the fees of rows against the MDR that is due; rows whose class or rate is not known are left out. */
export function heldAgainstMdr(rows: readonly MdrRow[]): MdrFinding[] {
  const findings = new Map<string, MdrFinding>();
  for (const { payload, gross, fee, day } of rows) {
    const mdrClass = gross > 0n ? mdrClassOf(payload) : undefined;
    const basisPoints = mdrClass === undefined ? undefined : mdrRate(mdrClass, gross, day);
    if (mdrClass === undefined || basisPoints === undefined) continue;
    const expected = (gross * BigInt(basisPoints) + BASIS / 2n) / BASIS;
    const over = fee > expected ? fee - expected : expected - fee;
    const key = `${mdrClass} ${basisPoints}`;
    const before = findings.get(key) ?? {
      class: mdrClass,
      basisPoints,
      rows: 0,
      differing: 0,
      gross: 0n,
      fee: 0n,
      expected: 0n,
    };
    findings.set(key, {
      ...before,
      rows: before.rows + 1,
      differing: before.differing + (over >= RUPIAH ? 1 : 0),
      gross: before.gross + gross,
      fee: before.fee + fee,
      expected: before.expected + expected,
    });
  }
  return [...findings.values()].sort((a, b) =>
    a.class === b.class ? a.basisPoints - b.basisPoints : a.class < b.class ? -1 : 1,
  );
}
