import { refuse, type Refusal } from "@onegate/contract";
import type { Sale } from "./sale.ts";

export type ReturnLine = { readonly line: number; readonly quantity: number };

/**
 * What earlier returns took back of a sale: quantities by line number, and the amount refunded for them in
 * minor units.
 */
export type TakenBack = { readonly quantities: ReadonlyMap<number, number>; readonly given: bigint };

/**
 * The lines of a return: the requested ones, or all that is left. Refuses `return_line_unknown` and
 * `return_line_exceeds`, with the line's number.
 */
export function checkedToLines(
  sale: Pick<Sale, "lines">,
  before: TakenBack,
  unchecked: readonly ReturnLine[] | undefined,
): readonly ReturnLine[] | Refusal {
  const refundableAmount = (line: number) =>
    (sale.lines[line - 1]?.quantity ?? 0) - (before.quantities.get(line) ?? 0);
  if (!unchecked)
    return sale.lines
      .map((_, index) => ({ line: index + 1, quantity: refundableAmount(index + 1) }))
      .filter(({ quantity }) => quantity > 0);
  const seen = new Set<number>();
  for (const { line, quantity } of unchecked) {
    if (!sale.lines[line - 1] || seen.has(line)) return refuse("return_line_unknown", { line });
    if (quantity > refundableAmount(line))
      return refuse("return_line_exceeds", { line, left: refundableAmount(line) });
    seen.add(line);
  }
  return unchecked;
}

/**
 * The amount that a return of these lines refunds, in minor units. It is the lines' share of all that was
 * collected, including tax and cash rounding, rounded down to `unit` minor units, in the shop's favour. The
 * return of the last lines refunds all that is `left`, so that the parts add up to the whole in any order.
 */
export function returnSum(
  sale: Pick<Sale, "lines" | "subtotal" | "total" | "rounding">,
  before: TakenBack,
  lines: readonly ReturnLine[],
  left: bigint,
  unit: bigint,
): bigint {
  const priceOf = (line: number) => sale.lines[line - 1]?.unitPrice ?? 0n;
  const now = new Map(lines.map(({ line, quantity }) => [line, quantity]));
  const after = sale.lines.map(
    (_, index) => (before.quantities.get(index + 1) ?? 0) + (now.get(index + 1) ?? 0),
  );
  if (sale.lines.every(({ quantity }, index) => after[index] === quantity)) return left;
  const value = after.reduce((sum, quantity, index) => sum + priceOf(index + 1) * BigInt(quantity), 0n);
  const share = ((sale.total + sale.rounding) * value) / sale.subtotal;
  const due = share - (share % unit) - before.given;
  return due > 0n ? due : 0n;
}
