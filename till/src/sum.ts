import {
  cashRounding,
  checkedToCurrency,
  checkedToMoney,
  IDR,
  isRefusal,
  money,
  saleTotal,
  toWire,
  type Currency,
  type Id,
  type MoneyBody,
  type NewSaleBody,
  type SaleBody,
  type ShopBody,
} from "@onegate/contract";
import type { Cart } from "./machine.ts";

/** Minor units of a sum from the server. An invalid sum is a bug and throws. */
export function minorOf(body: MoneyBody): bigint {
  const checked = checkedToMoney(body, "any");
  if (isRefusal(checked)) throw new Error(`the server sent ${body.amount} ${body.currency}`);
  return checked.minor;
}

export function currencyOf(shop: ShopBody): Currency {
  return checkedToCurrency(shop.currency) ?? IDR;
}

type StockBelowZero = {
  readonly stock_below_zero?: ReadonlyArray<{ readonly name: string; readonly level: number }>;
};

/** The products whose stock a sale took below zero, such as `Latte −2, Klepon −1`, or empty text. */
export const belowZeroOf = (sale: Pick<SaleBody, "id"> & StockBelowZero): string =>
  (sale.stock_below_zero ?? []).map(({ name, level }) => `${name} \u2212${-level}`).join(", ");

export type CartTotal = {
  readonly subtotal: bigint;
  readonly tax: bigint;
  readonly total: bigint;
  /** The cash rounding; it may be negative. */
  readonly rounding: bigint;
  /** The amount due when paid in cash. */
  readonly cash: bigint;
};

export function totalOf(cart: Cart, shop: ShopBody): CartTotal {
  const { tax } = shop;
  const sum = saleTotal(
    cart,
    tax
      ? {
          name: tax.name,
          rateBasisPoints: tax.rate_basis_points,
          baseNumerator: tax.base_numerator,
          baseDenominator: tax.base_denominator,
          included: tax.included,
        }
      : undefined,
  );
  const rounding = cashRounding(sum.total, shop.cash_rounding);
  return { ...sum, rounding, cash: sum.total + rounding };
}

const MAX_BANKNOTE = 10_000_000n;

/** Whether the cash is unusually much: the change would be the largest banknote or more. Minor units. */
export const isUnusual = (tendered: bigint, owed: bigint) => tendered - owed >= MAX_BANKNOTE;

export type Tender =
  | { readonly method: "CASH"; readonly tendered: bigint }
  | { readonly method: "QRIS" | "QRIS_STATIC" };

export function newSale(id: Id, cart: Cart, shop: ShopBody, tender: Tender): NewSaleBody {
  const currency = currencyOf(shop);
  const wire = (minor: bigint) => toWire(money(minor, currency));
  return {
    id,
    lines: cart.map((line) => ({
      product_id: line.productId,
      quantity: line.quantity,
      unit_price: wire(line.unitPrice),
    })),
    total: wire(totalOf(cart, shop).total),
    tender:
      tender.method === "CASH"
        ? { method: "CASH", tendered: wire(tender.tendered) }
        : { method: tender.method },
  };
}
