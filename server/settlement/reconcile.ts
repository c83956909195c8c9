import { money, STATIC_PROVIDER, toDecimal, type Currency, type Id } from "@onegate/contract";
import { derivedAt } from "../kernel/index.ts";
import { accountId, CHART } from "../ledger/index.ts";
import { recognition } from "../sales/index.ts";
import type { CaseState } from "./case.ts";
import { atFault, type Day, type DayBreak, type DayLine, type Word } from "./day.ts";
import type { DayOther, DayPayment, DayRow, DaySale, DayTransfer } from "./day-store.ts";
import type { BookedTransfer } from "./store.ts";

/** All documents of a business day. `booked` holds those transfers of `expectedTransfers` that exist. */
export type DayFacts = {
  readonly merchantId: Id;
  readonly date: string;
  readonly currency: Currency;
  readonly sales: readonly DaySale[];
  readonly payments: readonly DayPayment[];
  readonly others: readonly DayOther[];
  readonly rows: readonly DayRow[];
  readonly booked: ReadonlyMap<Id, BookedTransfer>;
  /** Transfers of the day without a document. */
  readonly strays: readonly DayTransfer[];
  /** Providers that have a statement covering the day. */
  readonly telling: ReadonlySet<string>;
  readonly missing: ReadonlyMap<Id, CaseState>;
};

/** Cash is in our own drawer and wallets are in our own books, so no statement lists them. */
const OWN: ReadonlySet<string> = new Set(["cash", "wallet"]);

/** The id of the transfer that books a payment, a refund or a statement's row. */
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
 * Compares till, payments, statements and ledger of a day, document by document, and names the documents at
 * fault. A difference that a person has decided on is explained and is not a fault.
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
  const addToStatements = (line: Mutable<DayLine>, gross: bigint) => {
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
    // what a sale has beyond its payments is shown on the first of them
    if (sale)
      line.till +=
        payment === siblings[0]
          ? sale.total + sale.rounding - siblings.slice(1).reduce((sum, { amount }) => sum + amount, 0n)
          : payment.amount;
    else line.gateway += payment.amount;
    line.payments += payment.amount;
    line.ledger += collected(facts, payment)?.amount ?? 0n;
    if (row) addToStatements(line, row.gross);
    breaks.push(...paymentBreaks(facts, payment, siblings.length === 1 ? sale : undefined, row));
  }
  for (const other of facts.others) {
    const line = lineOf(other.provider, other.kind);
    const row = rowOf.get(other.documentId);
    line.gateway += other.amount;
    line.payments += other.amount;
    line.ledger += otherBooked(facts, other) ?? 0n;
    if (row) addToStatements(line, row.gross);
    breaks.push(...otherBreaks(facts, other, row));
  }
  for (const row of facts.rows) {
    const isOpen = row.caseState === "open";
    if (isOpen && (row.outcome === "missing_here" || row.outcome === "doubled"))
      addToStatements(lineOf(row.provider, "unknown"), row.gross);
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
      detail: `moved ${toDecimal(money(stray.amount, facts.currency))} without a known document`,
    });
  }
  const sorted = [...lines.values()].sort((a, b) =>
    `${a.provider} ${a.method}` < `${b.provider} ${b.method}` ? -1 : 1,
  );
  return { lines: sorted, breaks, notes: notesOf(facts, rowOf) };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The transfer that collected a payment or took it out of suspense. */
function collected({ merchantId, booked }: DayFacts, { paymentId }: DayPayment): BookedTransfer | undefined {
  return (
    booked.get(transferOf(merchantId, paymentId, "collect")) ??
    booked.get(transferOf(merchantId, paymentId, "apply"))
  );
}

const saleClaim = (sale: DaySale): Word => ({
  document: "sale",
  id: sale.saleId,
  shown: sale.receiptNumber,
  says: sale.total + sale.rounding,
});
const paymentClaim = (payment: DayPayment, says: bigint): Word => ({
  document: "payment",
  id: payment.paymentId,
  shown: payment.reference,
  says,
});
const transferClaim = (id: Id, shown: string, says: bigint | undefined): Word => ({
  document: "transfer",
  id,
  shown,
  says,
});
const rowClaim = (row: DayRow, says: bigint): Word => ({
  document: "statement_row",
  id: row.rowId,
  shown: row.shown,
  says,
});
/** A row counts until a person has decided that it may differ. */
const isOutcomeUnknown = (row: DayRow | undefined): row is DayRow =>
  row !== undefined && (row.caseState === null || row.caseState === "open" || row.caseState === "arrived");

/** What the ledger took out of `received` for a sale. It is named after the first leg with a wrong amount. */
function recognised({ merchantId, booked }: DayFacts, sale: DaySale): Word {
  const legs = recognition({ merchantId, ...sale });
  const received = accountId(merchantId, CHART.received);
  const wrong = legs.find(({ id, amount }) => booked.get(id)?.amount !== amount.minor) ?? legs[0];
  const found = legs.flatMap(({ id }) => booked.get(id) ?? []);
  const sum = found.reduce((total, { debit, amount }) => (debit === received ? total + amount : total), 0n);
  return transferClaim(
    wrong?.id ?? sale.saleId,
    `${wrong?.kind ?? "sale"} of ${sale.receiptNumber}`,
    found.length === 0 ? undefined : sum,
  );
}

/**
 * The faults of a sale with several payments, or none. A sale with one payment is checked with that payment.
 */
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
      words: [saleClaim(sale), recognised(facts, sale), paymentClaim(first, paid)],
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
      ...paymentClaim(payment, payment.amount),
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
          ...(sale ? [saleClaim(sale), recognised(facts, sale)] : []),
          paymentClaim(payment, payment.amount),
          transferClaim(transferId, `collect of ${payment.reference}`, transfer?.amount),
          ...(isOutcomeUnknown(row) ? [rowClaim(row, row.gross)] : []),
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
          paymentClaim(payment, payment.fee),
          transferClaim(feeId, `fee of ${payment.reference}`, fee),
          ...(isOutcomeUnknown(row) ? [rowClaim(row, row.fee)] : []),
        ],
      },
      currency,
    ),
  );
  if (isOutcomeUnknown(row) && transfer)
    breaks.push(...settledBreaks(facts, row, method, paymentClaim(payment, transfer.amount - fee)));
  const missing = facts.missing.get(paymentId);
  if (missing === "open")
    breaks.push({
      ...paymentClaim(payment, payment.amount),
      provider,
      method,
      rule: "a statement names every payment in time",
      detail: "none does",
    });
  return breaks;
}

/** Compares what reached the bank for a row with the row and with what our books expected. */
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
    transferClaim(id, `${kind} of ${row.shown}`, row.net < 0n && amount !== undefined ? -amount : amount),
    rowClaim(row, row.net),
  ];
  return atFault({ provider: row.provider, method, what: "what reached the bank", words }, currency);
}

function otherBooked({ booked }: DayFacts, { kind, transferIds }: DayOther): bigint | undefined {
  const found = transferIds.flatMap((id) => booked.get(id) ?? []);
  const sum = found.reduce((total, { amount }) => total + amount, 0n);
  if (found.length === 0) return undefined;
  return kind === "suspense" ? sum : -sum;
}

function otherBreaks(facts: DayFacts, other: DayOther, row: DayRow | undefined): DayBreak[] {
  const { provider, kind, documentId, reference } = other;
  const claim: Word = { document: kind, id: documentId, shown: reference, says: other.amount };
  const id = other.transferIds[0] ?? documentId;
  const breaks = atFault(
    {
      provider,
      method: kind,
      what: `the amount of a ${kind}`,
      words: [
        claim,
        transferClaim(id, `booking of ${reference}`, otherBooked(facts, other)),
        ...(isOutcomeUnknown(row) ? [rowClaim(row, row.gross)] : []),
      ],
    },
    facts.currency,
  );
  if (facts.missing.get(documentId) === "open")
    breaks.push({
      ...claim,
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

/** Faults of rows other than a wrong amount. A wrong amount is found with the row's payment. */
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
  const unverifiedSum = toDecimal(
    money(
      unverified.reduce((sum, { amount }) => sum + amount, 0n),
      currency,
    ),
  );
  const unverifiedNotes =
    unverified.length === 0
      ? []
      : [`${STATIC_PROVIDER}: ${unverifiedSum} of ${unverified.length} payments confirmed only by a cashier`];
  const theirs = Map.groupBy(
    payments.filter(({ provider, fromSuspense }) => !OWN.has(provider) && !fromSuspense),
    ({ provider }) => provider,
  );
  const waitingNotes = [...theirs].flatMap(([provider, all]) => {
    const waiting = all.filter(({ paymentId }) => !rowOf.has(paymentId) && !missing.has(paymentId)).length;
    if (waiting === 0) return [];
    if (waiting === all.length && !telling.has(provider))
      return [`${provider}: no statement covers ${date}; till, payments and ledger were compared`];
    return [`${provider}: ${waiting} of ${all.length} payments wait for their statement`];
  });
  return [...unverifiedNotes, ...waitingNotes];
}
