import { divide } from "./money.ts";

/**
 * How a sale is totalled; till and server call the same function. The published order:
 *   1. line = unit price × quantity; subtotal = sum of lines
 *   2. tax is calculated once on the subtotal, not per line (so that lines of the same rate can't drift)
 *   3. exclusive: total = subtotal + tax; inclusive: total = subtotal, the tax is a share of it
 *   4. tax is rounded half up to the whole rupiah, which favours neither side systematically
 *   5. only a cash tender is then rounded to coins in circulation (Permendag 35/2013); QRIS pays the
 *      exact amount
 */
export type TaxRule = {
  /** Its name on the receipt, such as `PPN`. */
  readonly name: string;
  /** Statutory rate in hundredths of a percent: 1200 is 12 %. */
  readonly rateBasisPoints: number;
  /** The share of the price that is taxed: 11/12 for PPN's "DPP nilai lain" (PMK 131/2024). */
  readonly baseNumerator: number;
  readonly baseDenominator: number;
  readonly included: boolean;
};

/** PPN since 1 January 2025: 12 % on 11/12 of the price, so 11 % in effect (PMK 131/2024). */
export const PPN_INCLUDED: TaxRule = {
  name: "PPN",
  rateBasisPoints: 1200,
  baseNumerator: 11,
  baseDenominator: 12,
  included: true,
};

/** Rounds a cash total to a multiple of `unit` minor units; unit 0 means no rounding. */
export type CashRounding = { readonly unit: number; readonly direction: "down" | "nearest" | "up" };

export type PricedLine = { readonly unitPrice: bigint; readonly quantity: number };

export type SaleTotal = {
  readonly subtotal: bigint;
  readonly tax: bigint;
  /** What the goods cost the customer, before cash rounding. */
  readonly total: bigint;
};

/** Whole rupiah: tax is rounded to this many minor units. */
const TAX_UNIT = 100n;

/** Totals lines in minor units in the order above. Without a tax rule there is no tax. */
export function saleTotal(lines: readonly PricedLine[], tax: TaxRule | undefined): SaleTotal {
  const subtotal = lines.reduce((sum, line) => sum + line.unitPrice * BigInt(line.quantity), 0n);
  if (!tax) return { subtotal, tax: 0n, total: subtotal };
  const numerator = BigInt(tax.rateBasisPoints) * BigInt(tax.baseNumerator);
  const whole = 10_000n * BigInt(tax.baseDenominator);
  const denominator = tax.included ? whole + numerator : whole;
  const taxMinor = divide(subtotal * numerator, denominator * TAX_UNIT, "halfUp") * TAX_UNIT;
  return { subtotal, tax: taxMinor, total: tax.included ? subtotal : subtotal + taxMinor };
}

/** The adjustment of a cash total, possibly negative, that makes it payable in coins. */
export function cashRounding(total: bigint, rule: CashRounding): bigint {
  if (rule.unit === 0) return 0n;
  const unit = BigInt(rule.unit);
  const rounding = { down: "floor", nearest: "halfUp", up: "ceil" } as const;
  return divide(total, unit, rounding[rule.direction]) * unit - total;
}

/**
 * Amounts of cash that a customer is likely to hand over: the exact total, then the next round ones; in minor
 * units, ascending.
 */
export function quickAmounts(total: bigint): bigint[] {
  const steps = [500_000n, 1_000_000n, 2_000_000n, 5_000_000n, 10_000_000n];
  const amounts = steps.map((step) => divide(total, step, "ceil") * step);
  return [...new Set([total, ...amounts])].sort((a, b) => (a < b ? -1 : 1)).slice(0, 5);
}
