import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { accountId, CHART, clearingCode } from "../server/ledger/index.ts";
import { collectedOf, SIM_PROVIDER, type Transaction } from "./provider.ts";
import type { Stage } from "./stage.ts";

type Row = {
  id: Id;
  order: string;
  provider: string;
  state: string;
  minor: bigint;
  reference: string | null;
  ref: string;
};
type Case = { reference: string; minor: bigint; transfer: Id; state: string };
type Posting = { id: Id; kind: string; reference: string; minor: bigint; debit: Id; credit: Id };
type Books = {
  payments: Row[];
  cases: Case[];
  postings: Posting[];
  /** Our references of refunds, by their ids. */
  refs: Map<Id, string>;
  /** What refunds took out of the bank. */
  fromBank: bigint;
  balances: Map<Id, bigint>;
};

const account = (code: string) => accountId(DEMO_MERCHANT, code);
const sumOf = (rows: ReadonlyArray<{ minor: bigint }>) => rows.reduce((sum, { minor }) => sum + minor, 0n);

/**
 * Compares payments, cases and ledger with the truth at the provider. At any moment, nothing may be booked
 * that was not paid, or booked twice. When the world is `calm`, nothing that was paid may be missing.
 */
export async function auditPayments(stage: Stage, calm: boolean): Promise<void> {
  const books = await readBooks(stage);
  neverTwice(stage, books);
  neverUnpaid(stage, books);
  neverFailedTooEarly(stage, books);
  clearingAddsUp(stage, books);
  if (calm) nothingIsLost(stage, books);
}

async function readBooks({ world: { eye } }: Stage): Promise<Books> {
  const { rows: payments } = await sql<Row>`
    select payment_id as id, order_id as order, provider, state, amount as minor, reference,
           merchant_ref as ref
      from payment where merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: cases } = await sql<Case>`
    select reference, amount as minor, transfer_id as transfer, state
      from suspense_case where merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: postings } = await sql<Posting>`
    select transfer_id as id, kind, reference, amount as minor, debit_account_id as debit,
           credit_account_id as credit
      from ledger_transfer
     where merchant_id = ${DEMO_MERCHANT}
       and ${account(clearingCode(SIM_PROVIDER))} in (debit_account_id, credit_account_id)`.execute(eye);
  const { rows: balances } = await sql<{ id: Id; posted: bigint }>`
    select account_id as id, posted from ledger_balance where merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: refunds } = await sql<{ id: Id; ref: string }>`
    select refund_id as id, refund_ref as ref from refund where merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: bank } = await sql<{ sum: bigint }>`
    select coalesce(sum(amount), 0)::bigint as sum from ledger_transfer
     where merchant_id = ${DEMO_MERCHANT} and kind = 'refund'
       and credit_account_id = ${account(CHART.bank)}`.execute(eye);
  return {
    payments,
    cases,
    postings,
    fromBank: bank[0]?.sum ?? 0n,
    refs: new Map(refunds.map(({ id, ref }) => [id, ref])),
    balances: new Map(balances.map(({ id, posted }) => [id, posted])),
  };
}

function neverTwice({ auditor, orders }: Stage, { payments, postings }: Books): void {
  const sums = new Map(orders.map(({ orderId, minor }) => [orderId, minor]));
  for (const [order, paid] of Map.groupBy(
    payments.filter(({ state }) => state === "succeeded"),
    ({ order }) => order,
  )) {
    const sum = paid.reduce((total, { minor }) => total + minor, 0n);
    auditor.expect(
      "paidTwice",
      sum <= (sums.get(order) ?? 0n),
      () => `${order}: ${sum} of ${sums.get(order)} in ${paid.length} payments`,
    );
  }
  for (const [posting, count] of counted(postings.map(({ kind, reference }) => `${kind} of ${reference}`))) {
    auditor.expect("bookedTwice", count === 1, () => `${posting}: ${count} times`);
  }
}

function neverUnpaid({ world, auditor }: Stage, { payments, cases, postings }: Books): void {
  const truth = new Map(world.provider.transactions.map((one) => [one.reference, one]));
  const paid = (reference: string | null): Transaction | undefined => {
    const one = truth.get(reference ?? "");
    return one?.status === "paid" ? one : undefined;
  };
  for (const { id, provider, state, minor, reference } of payments) {
    if (state !== "succeeded" || provider !== SIM_PROVIDER) continue;
    const one = paid(reference);
    auditor.expect(
      "paidForNothing",
      one !== undefined && collectedOf(one) === minor,
      () => `payment ${id} (${reference}): the provider says ${one ? collectedOf(one) : "not paid"}`,
    );
  }
  for (const { kind, reference, minor } of postings) {
    if (kind === "refund") continue;
    const one = paid(reference);
    const sum = one && (kind === "fee" ? one.feeMerchant : collectedOf(one));
    auditor.expect(
      "paidForNothing",
      sum === minor,
      () => `${kind} of ${reference}: ${minor} booked, ${sum ?? "nothing"} paid`,
    );
  }
  for (const { reference, minor, transfer } of cases) {
    const posting = postings.find(({ id }) => id === transfer);
    auditor.expect(
      "unexplained",
      posting?.minor === minor && posting.credit === account(CHART.suspense),
      () => `the case of ${reference} has no posting of its sum`,
    );
  }
}

/**
 * A lost answer is not a refusal: a payment called failed while the payer can still pay may be paid twice.
 */
function neverFailedTooEarly({ world, auditor }: Stage, { payments }: Books): void {
  const collecting = new Set(
    world.provider.transactions.flatMap(({ status, merchantRef }) =>
      status === "pending" && merchantRef !== null ? [merchantRef] : [],
    ),
  );
  for (const { id, state, ref } of payments)
    auditor.expect("saidNo", state !== "failed" || !collecting.has(ref), () => `payment ${id}`);
}

function clearingAddsUp({ auditor }: Stage, { cases, postings, balances }: Books): void {
  const sum = (kind: string) =>
    postings.filter((posting) => posting.kind === kind).reduce((total, { minor }) => total + minor, 0n);
  auditor.equal(
    "clearing",
    "clearing",
    balances.get(account(clearingCode(SIM_PROVIDER))),
    sum("fee") + sum("refund") - sum("collect"),
  );
  auditor.equal("clearing", "fees", balances.get(account(CHART.fees)), -sum("fee"));
  auditor.equal(
    "clearing",
    "suspense",
    balances.get(account(CHART.suspense)),
    cases.reduce(
      (total, { minor, state }) => (state === "open" || state === "refunding" ? total + minor : total),
      0n,
    ),
  );
}

/** Every rupiah that payers gave to the provider is booked. */
function nothingIsLost(
  { world, auditor, words }: Stage,
  { payments, cases, postings, refs, fromBank: bookedFromBank, balances }: Books,
): void {
  const owed = world.provider.transactions.filter(({ status }) => status === "paid");
  for (const one of owed) {
    const collected = postings.filter(
      ({ kind, reference }) => kind === "collect" && reference === one.reference,
    );
    const name = `${one.reference} of ${one.orderId ?? "nobody"}`;
    auditor.expect(
      "lost",
      collected.length === 1 && collected[0]?.minor === collectedOf(one),
      () => `${name}: ${collectedOf(one)} paid, booked ${collected.length} times`,
    );
    const fees = postings
      .filter(({ kind, reference }) => kind === "fee" && reference === one.reference)
      .reduce((sum, { minor }) => sum + minor, 0n);
    auditor.equal("lost", `fee of ${name}`, fees, one.feeMerchant);
    const payment = payments.find(
      ({ state, reference }) => state === "succeeded" && reference === one.reference,
    );
    const own = cases.filter(
      ({ reference, minor }) => reference === one.reference && minor === collectedOf(one),
    );
    const [settled, explained] = [own.filter(({ state }) => state === "applied").length, own.length];
    // either a payment or a case; both when the case was applied to an order
    const right = payment ? explained === settled && explained <= 1 : explained === 1 && settled === 0;
    auditor.expect(
      "unexplained",
      right,
      () =>
        `${name}: ${payment ? "a succeeded payment" : "no payment"} and ` +
        `${explained} cases, ${settled} of them applied`,
    );
  }
  const due = owed.reduce((sum, one) => sum + collectedOf(one) - one.feeMerchant, 0n);
  const back = [...world.provider.desk.given.values()]
    .filter(({ state }) => state === "done")
    .reduce((sum, { minor }) => sum + minor, 0n);
  // a refund that the provider refused is paid by hand from the bank; otherwise in the provider's dashboard
  const refused = new Set(
    [...world.provider.desk.given.values()]
      .filter(({ state }) => state === "refused")
      .map(({ refundRef }) => refundRef),
  );
  const byHand = words.filter(({ heard, done }) => heard === "yes" && done);
  const fromBank = byHand.filter(({ refundId }) => refused.has(refs.get(refundId) ?? ""));
  const fromProvider = byHand.filter(({ refundId }) => !refused.has(refs.get(refundId) ?? ""));
  auditor.equal(
    "clearing",
    "clearing, by the provider's and the persons' records",
    balances.get(account(clearingCode(SIM_PROVIDER))),
    back + sumOf(fromProvider) - due,
  );
  auditor.equal("clearing", "bank, by the persons' records", bookedFromBank, sumOf(fromBank));
  for (const { id, state } of payments)
    auditor.expect(
      "open",
      !["created", "pending", "unknown"].includes(state),
      () => `payment ${id} is ${state}`,
    );
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
