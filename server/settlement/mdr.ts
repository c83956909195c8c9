import { isQrisProblem, parseFields, parseQris, type Qris } from "@onegate/contract";

/**
 * The merchant discount rate (MDR) of QRIS: what acquirers may keep of a payment, as dated data. Sources:
 * press reports on Bank Indonesia's decisions (suara.com 2025-05-20, arahpublik 2023-08, fortuneidn 2023).
 * The rates before the first date are not known here. `upTo` is the largest payment that a row applies to, in
 * minor units. The first row that matches applies.
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

/**
 * Category codes (ISO 18245) whose rate does not depend on the merchant's size: schools and universities,
 * charities.
 */
const CATEGORIES: Readonly<Record<string, string>> = { "8211": "EDU", "8220": "EDU", "8398": "SOC" };
/** A code without criteria belongs to a regular merchant. */
const REGULAR = "URE";

/**
 * The class that decides a payment's MDR: its category, or else the criteria in its code. Undefined where the
 * code can't be read.
 */
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

/**
 * The rate in basis points for a class, an amount in minor units and a day (`YYYY-MM-DD`); undefined where
 * none is known.
 */
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

/**
 * The total of a statement's rows of one class and rate, in minor units, and how many of them differ from the
 * expected fee.
 */
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
/** The rules don't define how fees are rounded, so a difference below one rupiah is ignored. */
const RUPIAH = 100n;

/** Compares the fees of rows with the expected MDR. Rows whose class or rate is unknown are left out. */
export function compareWithMdr(rows: readonly MdrRow[]): MdrFinding[] {
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
