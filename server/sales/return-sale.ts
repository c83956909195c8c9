import {
  isRefusal,
  money,
  refuse,
  STATIC_METHOD,
  toDecimal,
  type Id,
  type NewReturnBody,
  type Refusal,
} from "@onegate/contract";
import {
  announceAudit,
  consumeApproval,
  type Outlet,
  type PendingApproval,
  type Who,
} from "../identity/index.ts";
import { announce, derivedId, inSnapshot, once, type Executor, type Once, type Tx } from "../kernel/index.ts";
import {
  refundOrder,
  lockRefundable,
  refundsOfReturns,
  selectRefundable,
  sendRefund,
  type Refundable,
} from "../payments/index.ts";
import { moveStock } from "../stock/index.ts";
import { outletOf, type Sales } from "./context.ts";
import type { Sale } from "./sale.ts";
import { insertReturn, selectTakenBack, type SaleReturn } from "./return-store.ts";
import { checkedToLines, returnSum, type ReturnLine } from "./return-sum.ts";
import { selectHour, selectMoment, selectSale } from "./store.ts";

type Cashier = { readonly merchantId: Id; readonly outletId: Id; readonly staffId: Id; readonly who: Who };
type Input = Omit<NewReturnBody, "lines"> & {
  readonly kind: SaleReturn["kind"];
  readonly lines?: readonly ReturnLine[];
};

/** What a return will refund, fully decided. */
type Decision = Pick<SaleReturn, "amount" | "businessDate" | "lines"> & {
  readonly sale: Sale;
  readonly parts: Refundable;
};

/** Refunds through a provider are rounded to whole rupiah; cash refunds by the outlet's rounding. */
const WHOLE_RUPIAH = 100n;

/**
 * Takes back a sale, or lines of it, at the till, once per id: stock, revenue, tax, and its money through the
 * sale's own tenders. Cash leaves the drawer in this transaction. A provider is called after it, and revenue
 * and tax are reversed when the provider confirms. A void is of the whole sale, on its own business day.
 * Refuses `sale_unknown`, `sale_not_paid`, `void_day_over`, `void_after_return`, `return_line_unknown`,
 * `return_line_exceeds`, `refund_exceeds`, `amount_not_positive`, `payment_unverified`, and what
 * `consumeApproval` refuses (the approval's subject is the sale, its amount what is refunded), in this order.
 */
export async function returnSale(
  sales: Sales,
  cashier: Cashier,
  saleId: Id,
  input: Input,
  approval: PendingApproval | undefined,
): Promise<Once<Sale>> {
  const { merchantId, outletId } = cashier;
  if ((await selectSale(sales.database.kysely, merchantId, saleId))?.outletId !== outletId)
    return { answer: refuse("sale_unknown"), replayed: false };
  const outlet = await outletOf(sales.database.kysely, merchantId, outletId);
  const { answer, replayed } = await once(
    sales.database,
    { merchantId, route: "till.sales.return", key: input.id },
    { saleId, ...input },
    async (tx) => {
      const decision = await lockAndDecide(tx, outlet, saleId, input);
      if (isRefusal(decision)) return decision;
      const approvedBy = await consumeApproval(tx, approval, saleId, decision.amount);
      return isRefusal(approvedBy) ? approvedBy : write(tx, sales, cashier, input, decision, approvedBy);
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  for (const refund of await refundsOfReturns(sales.database.kysely, merchantId, [input.id]))
    if (refund.state === "created") await sendRefund(sales.payments, refund);
  return {
    answer: (await selectSale(sales.database.kysely, merchantId, saleId)) ?? refuse("sale_unknown"),
    replayed,
  };
}

/**
 * What a refund of these lines would pay now, in minor units. Refuses what `returnSale` refuses before the
 * approval.
 */
export async function sumReturn(
  sales: Sales,
  { merchantId, outletId }: Cashier,
  saleId: Id,
  lines: readonly ReturnLine[] | undefined,
): Promise<bigint | Refusal> {
  const sale = await selectSale(sales.database.kysely, merchantId, saleId);
  if (sale?.outletId !== outletId) return refuse("sale_unknown");
  const outlet = await outletOf(sales.database.kysely, merchantId, outletId);
  // requested at every key press: it must not lock anything that a sale or a payment waits for
  const decision = await inSnapshot(sales.database, async (executor) =>
    decide(
      executor,
      outlet,
      await selectSale(executor, merchantId, saleId),
      await selectRefundable(executor, merchantId, saleId),
      { kind: "refund", ...(lines ? { lines } : {}) },
    ),
  );
  return isRefusal(decision) ? decision : decision.amount;
}

/**
 * Locks the order first, the lock order used everywhere, so that of two concurrent tills the second sees what
 * the first refunded.
 */
async function lockAndDecide(
  tx: Tx,
  outlet: Outlet,
  saleId: Id,
  input: Pick<Input, "kind" | "lines">,
): Promise<Decision | Refusal> {
  const parts = await lockRefundable(tx, outlet.merchantId, saleId);
  return decide(tx, outlet, await selectSale(tx, outlet.merchantId, saleId, "for update of s"), parts, input);
}

async function decide(
  executor: Executor,
  outlet: Outlet,
  sale: Sale | undefined,
  parts: Refundable,
  { kind, lines: unchecked }: Pick<Input, "kind" | "lines">,
): Promise<Decision | Refusal> {
  if (sale?.state !== "paid") return refuse("sale_not_paid");
  const before = await selectTakenBack(executor, sale.merchantId, sale.saleId);
  const left = parts.reduce((sum, part) => sum + part.left, 0n);
  const { businessDate } = await selectMoment(executor, outlet);
  if (kind === "void") {
    if (sale.businessDate !== businessDate) return refuse("void_day_over");
    if (before.given > 0n || left !== sale.total + sale.rounding) return refuse("void_after_return");
  }
  const lines = checkedToLines(sale, before, unchecked);
  if (isRefusal(lines)) return lines;
  const coin = parts.some(({ payment }) => payment.method === "CASH" || payment.method === STATIC_METHOD)
    ? BigInt(outlet.cashRounding.unit)
    : 0n;
  const amount = returnSum(sale, before, lines, left, coin > 0n ? coin : WHOLE_RUPIAH);
  if (left === 0n || amount > left) return refuse("refund_exceeds", { left: left.toString() });
  if (amount === 0n) return refuse("amount_not_positive");
  if (parts.some(({ payment }) => payment.verification === "unverified")) return refuse("payment_unverified");
  return { sale, parts, amount, businessDate, lines };
}

async function write(
  tx: Tx,
  sales: Sales,
  { merchantId, outletId, staffId, who }: Cashier,
  { id, kind, reason, restock }: Input,
  { sale, parts, amount, businessDate, lines }: Decision,
  approvedBy: Id | null,
): Promise<{ return_id: Id } | Refusal> {
  const { saleId } = sale;
  const isNew = await insertReturn(tx, {
    merchantId,
    returnId: id,
    saleId,
    kind,
    amount,
    reason,
    restock,
    businessDate,
    returnedBy: staffId,
    approvedBy,
    lines,
  });
  if (!isNew) return refuse("idempotency_key_reused");
  await refundOrder(tx, sales.payments, parts, { amount, outletId, returnId: id, reason, by: staffId });
  const returnedLines = lines.flatMap(({ line, quantity }) => {
    const soldLine = sale.lines[line - 1];
    return soldLine ? [{ ...soldLine, line, quantity }] : [];
  });
  const soldHour = await selectHour(
    tx,
    await outletOf(tx, merchantId, outletId),
    sale.paidAt ?? sale.createdAt,
  );
  // stock is locked before the ledger's balances, as for a sale
  if (restock && returnedLines.length > 0) {
    await moveStock(
      tx,
      merchantId,
      outletId,
      id,
      returnedLines.map(({ productId, line, quantity }) => ({
        movementId: derivedId("returned", id, String(line)),
        productId,
        kind: "return",
        quantity,
      })),
    );
  }
  await announce(tx, merchantId, "sale.returned", saleId, {
    sale_id: saleId,
    return_id: id,
    outlet_id: outletId,
    kind,
    sold_hour: soldHour,
    sold_method: parts.at(-1)?.payment.method ?? "CASH",
    business_date: businessDate,
    amount: amount.toString(),
    currency: sale.currency,
    note: reason,
    restock,
    returned_by: staffId,
    approved_by: approvedBy,
    lines: returnedLines.map(({ productId, name, quantity, unitPrice }) => ({
      product_id: productId,
      name,
      quantity,
      amount: (unitPrice * BigInt(quantity)).toString(),
    })),
  });
  await announceAudit(tx, who, {
    action: kind === "void" ? "sale.voided" : "sale.refunded",
    subject: saleId,
    after: {
      return_id: id,
      amount: toDecimal(money(amount, sale.currency)),
      currency: sale.currency,
      restock,
      approved_by: approvedBy,
    },
  });
  return { return_id: id };
}
