import { money, STATIC_PROVIDER, toDecimal, type Currency, type Id } from "@onegate/contract";
import { derivedAt } from "../kernel/index.ts";
import { accountId, CHART } from "../ledger/index.ts";
import { recognition } from "../sales/index.ts";
import type { CaseState } from "./case.ts";
import { atFault, type Day, type DayBreak, type DayLine, type Word } from "./day.ts";
import type { DayOther, DayPayment, DayRow, DaySale, DayTransfer } from "./day-store.ts";
import type { BookedTransfer } from "./store.ts";

/** Everything that speaks of a business day. `booked` holds the transfers that `expectedTransfers` names, where they are there. */
export type DayFacts = {
  readonly merchantId: Id;
  readonly date: string;
  readonly currency: Currency;
  readonly sales: readonly DaySale[];
  readonly payments: readonly DayPayment[];
  readonly others: readonly DayOther[];
  readonly rows: readonly DayRow[];
  readonly booked: ReadonlyMap<Id, BookedTransfer>;
  /** Transfers of the day that nothing explains. */
  readonly strays: readonly DayTransfer[];
  /** Providers one of whose statements tells of the day. */
  readonly telling: ReadonlySet<string>;
  readonly missing: ReadonlyMap<Id, CaseState>;
};

/** Cash is in our own drawer, and wallets are our own books: nobody sends a statement of them. */
const OWN: ReadonlySet<string> = new Set(["cash", "wallet"]);

/** The id of the transfer that payments, refunds and statements' rows are booked by. */
const transferOf = (merchantId: Id, base: Id, kind: string) => derivedAt(base, kind, merchantId);

/** The transfers that the documents of a day should have. */
export function expectedTransfers({
  merchantId,
  sales,
  payments,
  others,
  rows,
}: Pick<DayFacts, "merchantId" | "sales" | "payments" | "others" | "rows">): Id[] {
  return [
    ...sales.flatMap((sale) => recognition({ merchantId, ...sale }).map(({ id }) => id)),
    ...payments.flatMap(({ paymentId }) =>
      ["collect", "apply", "fee"].map((kind) => transferOf(merchantId, paymentId, kind)),
    ),
    ...others.flatMap(({ transferIds }) => transferIds),
    ...rows.flatMap(({ rowId }) =>
      ["settle", "settle_back"].map((kind) => transferOf(merchantId, rowId, kind)),
    ),
  ];
}

/**
 * Compares what till, payments, statements and ledger say of a day, document by document, and names those at fault. A
 * difference that somebody decided on is explained and breaks nothing.
 */
export function reconcile(facts: DayFacts): Pick<Day, "lines" | "breaks" | "notes"> {
  const lines = new Map<string, Mutable<DayLine>>();
  const lineOf = (provider: string, method: string) => {
    const key = `${provider} ${method}`;
    const line = lines.get(key) ?? {
      provider,
      method,
      till: 0n,
      gateway: 0n,
      payments: 0n,
      ledger: 0n,
      statements: facts.telling.has(provider) ? 0n : null,
    };
    lines.set(key, line);
    return line;
  };
  const tell = (line: Mutable<DayLine>, gross: bigint) => {
    line.statements = (line.statements ?? 0n) + gross;
  };
  const rowOf = new Map(
    facts.rows.flatMap((row) =>
      row.documentId !== null && row.outcome !== "doubled" && row.outcome !== "missing_here"
        ? [[row.documentId, row] as const]
        : [],
    ),
  );
  const salesById = new Map(facts.sales.map((sale) => [sale.saleId, sale]));
  const byOrder = Map.groupBy(facts.payments, ({ orderId }) => orderId);
  const breaks: DayBreak[] = [];

  for (const sale of facts.sales) breaks.push(...saleBreaks(facts, sale, byOrder.get(sale.saleId) ?? []));
  for (const payment of facts.payments) {
    const line = lineOf(payment.provider, payment.method);
    const sale = salesById.get(payment.orderId);
    const siblings = byOrder.get(payment.orderId) ?? [];
    const row = rowOf.get(payment.paymentId);
    // what a sale says beyond its payments shows at the first of them
    if (sale)
      line.till +=
        payment === siblings[0]
          ? sale.total + sale.rounding - siblings.slice(1).reduce((sum, { amount }) => sum + amount, 0n)
          : payment.amount;
    else line.gateway += payment.amount;
    line.payments += payment.amount;
    line.ledger += collected(facts, payment)?.amount ?? 0n;
    if (row) tell(line, row.gross);
    breaks.push(...paymentBreaks(facts, payment, siblings.length === 1 ? sale : undefined, row));
  }
  for (const other of facts.others) {
    const line = lineOf(other.provider, other.kind);
    const row = rowOf.get(other.documentId);
    line.gateway += other.amount;
    line.payments += other.amount;
    line.ledger += otherBooked(facts, other) ?? 0n;
    if (row) tell(line, row.gross);
    breaks.push(...otherBreaks(facts, other, row));
  }
  for (const row of facts.rows) {
    const isOpen = row.caseState === "open";
    if (isOpen && (row.outcome === "missing_here" || row.outcome === "doubled"))
      tell(lineOf(row.provider, "unknown"), row.gross);
    breaks.push(...rowBreaks(facts, row));
  }
  for (const stray of facts.strays) {
    const provider = stray.account.startsWith("drawer:") ? "cash" : stray.account.replace(/^clearing:/, "");
    if (stray.kind === "collect") lineOf(provider, "unknown").ledger += stray.amount;
    breaks.push({
      document: "transfer",
      id: stray.transferId,
      shown: `${stray.kind} at ${stray.account}`,
      provider,
      method: "unknown",
      rule: "every transfer has its document",
      detail: `moved ${toDecimal(money(stray.amount, facts.currency))} for nothing that is known`,
    });
  }
  const sorted = [...lines.values()].sort((a, b) =>
    `${a.provider} ${a.method}` < `${b.provider} ${b.method}` ? -1 : 1,
  );
  return { lines: sorted, breaks, notes: notesOf(facts, rowOf) };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The collection of a payment, or its being taken out of suspense. */
function collected({ merchantId, booked }: DayFacts, { paymentId }: DayPayment): BookedTransfer | undefined {
  return (
    booked.get(transferOf(merchantId, paymentId, "collect")) ??
    booked.get(transferOf(merchantId, paymentId, "apply"))
  );
}

const saleWord = (sale: DaySale): Word => ({
  document: "sale",
  id: sale.saleId,
  shown: sale.receiptNumber,
  says: sale.total + sale.rounding,
});
const paymentWord = (payment: DayPayment, says: bigint): Word => ({
  document: "payment",
  id: payment.paymentId,
  shown: payment.reference,
  says,
});
const transferWord = (id: Id, shown: string, says: bigint | undefined): Word => ({
  document: "transfer",
  id,
  shown,
  says,
});
const rowWord = (row: DayRow, says: bigint): Word => ({
  document: "statement_row",
  id: row.rowId,
  shown: row.shown,
  says,
});
/** A row speaks while nobody has decided that it may differ. */
const speaks = (row: DayRow | undefined): row is DayRow =>
  row !== undefined && (row.caseState === null || row.caseState === "open" || row.caseState === "arrived");

/** What the ledger took out of `received` for a sale; named by the leg that is not as it should be. */
function recognised({ merchantId, booked }: DayFacts, sale: DaySale): Word {
  const legs = recognition({ merchantId, ...sale });
  const received = accountId(merchantId, CHART.received);
  const wrong = legs.find(({ id, amount }) => booked.get(id)?.amount !== amount.minor) ?? legs[0];
  const there = legs.flatMap(({ id }) => booked.get(id) ?? []);
  const sum = there.reduce((total, { debit, amount }) => (debit === received ? total + amount : total), 0n);
  return transferWord(
    wrong?.id ?? sale.saleId,
    `${wrong?.kind ?? "sale"} of ${sale.receiptNumber}`,
    there.length === 0 ? undefined : sum,
  );
}

/** A sale of several payments, or of none. One of a single payment stands in that one's chain. */
function saleBreaks(facts: DayFacts, sale: DaySale, payments: readonly DayPayment[]): DayBreak[] {
  const [first] = payments;
  if (!first)
    return [
      {
        document: "sale",
        id: sale.saleId,
        shown: sale.receiptNumber,
        provider: "unknown",
        method: "unknown",
        rule: "every paid sale has its payment",
        detail: "no payment of it succeeded",
      },
    ];
  if (payments.length === 1) return [];
  const paid = payments.reduce((sum, { amount }) => sum + amount, 0n);
  return atFault(
    {
      provider: first.provider,
      method: first.method,
      what: "the sum of a sale",
      words: [saleWord(sale), recognised(facts, sale), paymentWord(first, paid)],
    },
    facts.currency,
  );
}

function paymentBreaks(
  facts: DayFacts,
  payment: DayPayment,
  sale: DaySale | undefined,
  row: DayRow | undefined,
): DayBreak[] {
  const { merchantId, booked, currency } = facts;
  const { provider, method, paymentId } = payment;
  const feeId = transferOf(merchantId, paymentId, "fee");
  const transfer = collected(facts, payment);
  const transferId = transfer?.transferId ?? transferOf(merchantId, paymentId, "collect");
  const breaks: DayBreak[] = [];
  if (payment.unpaidSale)
    breaks.push({
      ...paymentWord(payment, payment.amount),
      provider,
      method,
      rule: "every payment of a sale has its paid sale",
      detail: `sale ${payment.orderId} is not paid`,
    });
  breaks.push(
    ...atFault(
      {
        provider,
        method,
        what: "the amount of a payment",
        words: [
          ...(sale ? [saleWord(sale), recognised(facts, sale)] : []),
          paymentWord(payment, payment.amount),
          transferWord(transferId, `collect of ${payment.reference}`, transfer?.amount),
          ...(speaks(row) ? [rowWord(row, row.gross)] : []),
        ],
      },
      currency,
    ),
  );
  if (OWN.has(provider) || payment.fromSuspense) return breaks;
  const fee = booked.get(feeId)?.amount ?? 0n;
  breaks.push(
    ...atFault(
      {
        provider,
        method,
        what: "the fee of a payment",
        words: [
          paymentWord(payment, payment.fee),
          transferWord(feeId, `fee of ${payment.reference}`, fee),
          ...(speaks(row) ? [rowWord(row, row.fee)] : []),
        ],
      },
      currency,
    ),
  );
  if (speaks(row) && transfer)
    breaks.push(...settledBreaks(facts, row, method, paymentWord(payment, transfer.amount - fee)));
  const missing = facts.missing.get(paymentId);
  if (missing === "open")
    breaks.push({
      ...paymentWord(payment, payment.amount),
      provider,
      method,
      rule: "a statement names every payment in time",
      detail: "none does",
    });
  return breaks;
}

/** What reached the bank for a row, against the row and what our books expected. */
function settledBreaks(
  { merchantId, booked, currency }: DayFacts,
  row: DayRow,
  method: string,
  expected: Word,
): DayBreak[] {
  if (row.outcome !== "matched" && row.outcome !== "day_differs") return [];
  const kind = row.net < 0n ? "settle_back" : "settle";
  const id = transferOf(merchantId, row.rowId, kind);
  const amount = booked.get(id)?.amount;
  const words = [
    expected,
    transferWord(id, `${kind} of ${row.shown}`, row.net < 0n && amount !== undefined ? -amount : amount),
    rowWord(row, row.net),
  ];
  return atFault({ provider: row.provider, method, what: "what reached the bank", words }, currency);
}

function otherBooked({ booked }: DayFacts, { kind, transferIds }: DayOther): bigint | undefined {
  const there = transferIds.flatMap((id) => booked.get(id) ?? []);
  const sum = there.reduce((total, { amount }) => total + amount, 0n);
  if (there.length === 0) return undefined;
  return kind === "suspense" ? sum : -sum;
}

function otherBreaks(facts: DayFacts, other: DayOther, row: DayRow | undefined): DayBreak[] {
  const { provider, kind, documentId, reference } = other;
  const word: Word = { document: kind, id: documentId, shown: reference, says: other.amount };
  const id = other.transferIds[0] ?? documentId;
  const breaks = atFault(
    {
      provider,
      method: kind,
      what: `the amount of a ${kind}`,
      words: [
        word,
        transferWord(id, `booking of ${reference}`, otherBooked(facts, other)),
        ...(speaks(row) ? [rowWord(row, row.gross)] : []),
      ],
    },
    facts.currency,
  );
  if (facts.missing.get(documentId) === "open")
    breaks.push({
      ...word,
      provider,
      method: kind,
      rule: "a statement names every payment in time",
      detail: "none does",
    });
  return breaks;
}

const ROW_RULES = {
  missing_here: "every row of a statement has a payment of ours",
  doubled: "a payment is named by one row",
  day_differs: "a row names the day of its payment",
} as const;

/** Rows that differ by more than a sum; those whose sum differs stand in their payment's chain. */
function rowBreaks({ currency }: DayFacts, row: DayRow): DayBreak[] {
  const rule =
    row.caseState === "open" && row.outcome in ROW_RULES
      ? ROW_RULES[row.outcome as keyof typeof ROW_RULES]
      : undefined;
  if (!rule) return [];
  return [
    {
      document: "statement_row",
      id: row.rowId,
      shown: row.shown,
      provider: row.provider,
      method: "unknown",
      rule,
      detail: `gross ${toDecimal(money(row.gross, currency))}, ${row.outcome}`,
    },
  ];
}

function notesOf(
  { date, currency, payments, telling, missing }: DayFacts,
  rowOf: ReadonlyMap<Id, DayRow>,
): string[] {
  const unverified = payments.filter((payment) => payment.unverified);
  const waits = toDecimal(
    money(
      unverified.reduce((sum, { amount }) => sum + amount, 0n),
      currency,
    ),
  );
  const byWord =
    unverified.length === 0
      ? []
      : [`${STATIC_PROVIDER}: ${waits} of ${unverified.length} payments by the cashier's word alone`];
  const theirs = Map.groupBy(
    payments.filter(({ provider, fromSuspense }) => !OWN.has(provider) && !fromSuspense),
    ({ provider }) => provider,
  );
  const late = [...theirs].flatMap(([provider, all]) => {
    const waiting = all.filter(({ paymentId }) => !rowOf.has(paymentId) && !missing.has(paymentId)).length;
    if (waiting === 0) return [];
    if (waiting === all.length && !telling.has(provider))
      return [`${provider}: no statement tells of ${date}; till, payments and ledger were compared`];
    return [`${provider}: ${waiting} of ${all.length} payments wait for their statement`];
  });
  return [...byWord, ...late];
}
