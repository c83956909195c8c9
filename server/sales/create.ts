import {
  cashRounding,
  checkedToMoney,
  IDR,
  isRefusal,
  money,
  refuse,
  saleTotal,
  STATIC_METHOD,
  tooLargeForOrder,
  type Id,
  type NewSaleBody,
  type Refusal,
} from "@onegate/contract";
import { productsById } from "../catalogue/index.ts";
import { staticQrisOf, type Outlet } from "../identity/index.ts";
import { inTransaction, once, requestHash, type Executor, type Once, type Tx } from "../kernel/index.ts";
import { collectCash, openPayment, saveOrder } from "../payments/index.ts";
import { giveUp } from "./cancel.ts";
import { completeSale } from "./complete.ts";
import { outletOf, type Sales } from "./context.ts";
import type { Sale, SaleLine } from "./sale.ts";
import { insertSale, selectSale, selectTaken, type NewSale } from "./store.ts";

type Seller = { readonly merchantId: Id; readonly outletId: Id; readonly staffId: Id };

/**
 * Takes a sale, once per key. Cash: sale, stock, payment, ledger and event in one transaction, paid at once.
 * QRIS: the sale is saved first, then the payment is opened; if the process dies in between, a retry opens
 * it. Printed code: the sale is saved, and `confirmStatic` pays it. Refuses `sale_differs`,
 * `static_qris_missing`, `cart_empty`, `product_unknown`, `price_differs`, `amount_mismatch`,
 * `amount_not_positive`, `amount_too_large`, `tender_insufficient`, in this order, and what the opening of a
 * payment may refuse.
 */
export async function createSale(
  sales: Sales,
  seller: Seller,
  unchecked: NewSaleBody,
  key: string,
): Promise<Once<Sale>> {
  const outlet = await outletOf(sales.database.kysely, seller.merchantId, seller.outletId);
  const hash = requestHash(unchecked);
  const scope = { merchantId: seller.merchantId, outletId: seller.outletId, route: "till.sales", key };
  const { answer, replayed } = await once(sales.database, scope, unchecked, async (tx) => {
    // a repeated sale is answered before the cart is checked: the catalogue may have changed since
    const known = await takenBefore(tx, seller, unchecked.id, hash);
    if (known) return known;
    if (
      unchecked.tender.method === STATIC_METHOD &&
      !(await staticQrisOf(tx, seller.merchantId, seller.outletId))
    )
      return refuse("static_qris_missing");
    const checked = await checkedToSale(tx, seller, outlet, unchecked);
    return isRefusal(checked)
      ? checked
      : writeSale(tx, sales, checked, outlet, unchecked.tender.method, hash);
  });
  if (isRefusal(answer)) return { answer, replayed };
  if (unchecked.tender.method === "QRIS") {
    const payment = await openPayment(sales.payments, seller.merchantId, unchecked.id, "QRIS");
    // A retry after a lost answer may find the order paid or cancelled: then the sale itself is the answer.
    if (isRefusal(payment) && payment.refusal !== "order_paid" && payment.refusal !== "order_cancelled") {
      // no payment code was shown: the sale is cancelled, so that the till can offer another way to pay
      await inTransaction(sales.database, (tx) => giveUp(tx, seller.merchantId, unchecked.id));
      return { answer: payment, replayed };
    }
  }
  return {
    answer:
      (await selectSale(sales.database.kysely, seller.merchantId, unchecked.id)) ?? refuse("sale_unknown"),
    replayed,
  };
}

/**
 * The result for a sale id that exists: the same sale if outlet and content match, otherwise `sale_differs`.
 * Undefined if there is no such sale.
 */
async function takenBefore(
  tx: Tx,
  seller: Pick<Seller, "merchantId" | "outletId">,
  saleId: Id,
  hash: Buffer,
): Promise<{ sale_id: Id } | Refusal | undefined> {
  const known = await selectTaken(tx, seller.merchantId, saleId);
  if (!known) return undefined;
  return known.outletId === seller.outletId && known.requestHash.equals(hash)
    ? { sale_id: saleId }
    : refuse("sale_differs");
}

/** Checks that prices match the catalogue, that the total matches ours, and that the tender covers it. */
async function checkedToSale(
  executor: Executor,
  seller: Seller,
  outlet: Outlet,
  unchecked: NewSaleBody,
): Promise<NewSale | Refusal> {
  if (unchecked.lines.length === 0) return refuse("cart_empty");
  const products = new Map(
    (
      await productsById(
        executor,
        seller.merchantId,
        unchecked.lines.map((line) => line.product_id),
      )
    ).map((product) => [product.productId, product]),
  );
  const lines: SaleLine[] = [];
  for (const line of unchecked.lines) {
    const price = checkedToMoney(line.unit_price, "any");
    if (isRefusal(price)) return price;
    const product = products.get(line.product_id);
    if (!product) return refuse("product_unknown", { product_id: line.product_id });
    if (price.currency !== IDR || price.minor !== product.price)
      return refuse("price_differs", { product_id: line.product_id });
    lines.push({
      productId: product.productId,
      name: product.name,
      quantity: line.quantity,
      unitPrice: product.price,
    });
  }
  const total = checkedToMoney(unchecked.total);
  if (isRefusal(total)) return total;
  const sums = saleTotal(lines, outlet.tax);
  if (total.currency !== IDR || total.minor !== sums.total)
    return refuse("amount_mismatch", { expected: sums.total.toString() });
  if (sums.total <= 0n) return refuse("amount_not_positive");
  const tooLarge = tooLargeForOrder(sums.total);
  if (tooLarge) return tooLarge;
  const sale = { ...seller, saleId: unchecked.id, currency: IDR, ...sums, lines };
  if (unchecked.tender.method !== "CASH") return { ...sale, rounding: 0n, tendered: null };

  const rounding = cashRounding(sums.total, outlet.cashRounding);
  const tendered = checkedToMoney(unchecked.tender.tendered);
  if (isRefusal(tendered)) return tendered;
  const tooMuch = tooLargeForOrder(sums.total + rounding) ?? tooLargeForOrder(tendered.minor);
  if (tooMuch) return tooMuch;
  if (sums.total + rounding <= 0n) return refuse("amount_not_positive");
  if (tendered.currency !== IDR || tendered.minor < sums.total + rounding)
    return refuse("tender_insufficient");
  return { ...sale, rounding, tendered: tendered.minor };
}

async function writeSale(
  tx: Tx,
  sales: Sales,
  sale: NewSale,
  outlet: Outlet,
  method: NewSaleBody["tender"]["method"],
  hash: Buffer,
): Promise<{ sale_id: Id } | Refusal> {
  const { merchantId, saleId } = sale;
  const done = { sale_id: saleId };
  if (!(await insertSale(tx, sale, outlet, hash))) {
    return (await takenBefore(tx, sale, saleId, hash)) ?? refuse("sale_differs");
  }
  const collected = money(sale.total + sale.rounding, sale.currency);
  const order = await saveOrder(tx, {
    merchantId,
    orderId: saleId,
    amount: collected,
    outletId: sale.outletId,
    customer: { name: "Pelanggan", email: null, phone: null },
    items: orderItems(sale, outlet),
  });
  if (isRefusal(order)) return order;
  if (method !== "CASH") return done;

  const payment = await collectCash(tx, sales.payments, {
    merchantId,
    outletId: sale.outletId,
    orderId: saleId,
    amount: collected,
  });
  if (isRefusal(payment)) return payment;
  const written = await selectSale(tx, merchantId, saleId);
  if (!written) throw new Error("the inserted sale was not found");
  await completeSale(tx, sales, written, outlet, "CASH");
  return done;
}

/**
 * The items of the order. Tax and rounding are lines of their own, so that the lines add up to the amount.
 */
function orderItems(sale: NewSale, outlet: Outlet) {
  const items = sale.lines.map(({ productId, name, unitPrice, quantity }) => ({
    sku: productId,
    name,
    price: unitPrice,
    quantity,
  }));
  const extra = [
    { name: outlet.tax?.name ?? "PPN", price: outlet.tax?.included ? 0n : sale.tax },
    { name: "Pembulatan", price: sale.rounding },
  ];
  return [
    ...items,
    ...extra.filter(({ price }) => price !== 0n).map((item) => ({ sku: null, quantity: 1, ...item })),
  ];
}
