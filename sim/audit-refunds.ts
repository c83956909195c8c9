import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { accountId, CHART, clearingCode } from "../server/ledger/index.ts";
import { collectedOf, SIM_PROVIDER } from "./provider.ts";
import type { KnownRefund, Stage } from "./stage.ts";

type RefundRow = {
  id: Id;
  payment: Id | null;
  case: Id | null;
  ref: string;
  minor: bigint;
  state: string;
  reason: string;
  /** The provider's reference of what was paid. */
  paid: string | null;
};
type Case = { id: Id; reference: string; minor: bigint; state: string; appliedTo: string | null };
type Payment = { id: Id; order: string; state: string; minor: bigint; reference: string | null };
type Posting = { kind: string; reference: string; minor: bigint; debit: Id; credit: Id };
type Books = { refunds: RefundRow[]; cases: Case[]; payments: Payment[]; postings: Posting[] };

const account = (code: string) => accountId(DEMO_MERCHANT, code);
const sumOf = (rows: ReadonlyArray<{ minor: bigint }>) => rows.reduce((sum, { minor }) => sum + minor, 0n);

/**
 * Compares refunds, and what became of money in suspense, with the records of those who requested and made
 * them.
 */
export async function auditRefunds(stage: Stage, calm: boolean): Promise<void> {
  const books = await readBooks(stage);
  everyRequestOnce(stage, books);
  neverTooMuch(stage, books);
  onlyRefundsMade(stage, books, calm);
  bookedWhenDone(stage, books);
  everyCaseOnce(stage, books);
}

async function readBooks({ world: { eye } }: Stage): Promise<Books> {
  const { rows: refunds } = await sql<RefundRow>`
    select r.refund_id as id, r.payment_id as payment, r.case_id as case, r.refund_ref as ref,
           r.amount as minor, r.state, r.reason, coalesce(p.reference, c.reference) as paid
      from refund r
      left join payment p on p.merchant_id = r.merchant_id and p.payment_id = r.payment_id
      left join suspense_case c on c.merchant_id = r.merchant_id and c.case_id = r.case_id
     where r.merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: cases } = await sql<Case>`
    select case_id as id, reference, amount as minor, state, applied_to as "appliedTo"
      from suspense_case where merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: payments } = await sql<Payment>`
    select payment_id as id, order_id as order, state, amount as minor, reference
      from payment where merchant_id = ${DEMO_MERCHANT}`.execute(eye);
  const { rows: postings } = await sql<Posting>`
    select kind, reference, amount as minor, debit_account_id as debit, credit_account_id as credit
      from ledger_transfer where merchant_id = ${DEMO_MERCHANT} and kind in ('refund', 'apply')`.execute(eye);
  return { refunds, cases, payments, postings };
}

/**
 * A granted request exists once, with its amount; a refused one does not exist; and nothing exists that was
 * not requested.
 */
function everyRequestOnce({ auditor, refunds: requests, words }: Stage, { refunds }: Books): void {
  const found = Map.groupBy(refunds, ({ reason }) => reason);
  for (const known of requests) {
    const rows = found.get(known.name) ?? [];
    const right =
      known.heard === "yes" ? rows.length === 1 : known.heard === "no" ? rows.length === 0 : rows.length <= 1;
    auditor.expect(
      "acknowledged",
      right && rows.every((row) => matches(row, known)),
      () => `${known.name} was answered ${known.heard}; it has ${rows.length} refunds`,
    );
  }
  const names = new Set(requests.map(({ name }) => name));
  for (const { id, reason } of refunds) auditor.expect("unasked", names.has(reason), () => `refund ${id}`);
  for (const [id, said] of Map.groupBy(
    words.filter(({ heard }) => heard === "yes"),
    ({ refundId }) => refundId,
  )) {
    const state = refunds.find((row) => row.id === id)?.state;
    const wanted = said[0]?.done ? "succeeded" : "failed";
    auditor.expect(
      "acknowledged",
      said.length === 1 && state === wanted,
      () =>
        `${said.length} decisions on refund ${id} were accepted, ` +
        `the first of them ${wanted}; it is ${state}`,
    );
  }
}

function matches(row: RefundRow, { of, minor, refundId }: KnownRefund): boolean {
  const subject =
    "paymentId" in of
      ? row.payment === of.paymentId && row.case === null
      : row.case === of.caseId && row.payment === null;
  return subject && (minor === null || row.minor === minor) && (refundId === null || row.id === refundId);
}

/** Pending parts count as refunded: whatever becomes of them, no more can be refunded than was paid. */
function neverTooMuch({ world, auditor }: Stage, { refunds, cases, payments }: Books): void {
  const alive = refunds.filter(({ state }) => state !== "failed");
  for (const [id, rows] of Map.groupBy(alive, (row) => row.payment ?? row.case)) {
    const whole =
      payments.find((payment) => payment.id === id)?.minor ?? cases.find((one) => one.id === id)?.minor ?? 0n;
    auditor.expect(
      "givenTooMuch",
      sumOf(rows) <= whole,
      () => `${id}: ${sumOf(rows)} refunded or pending, ${whole} paid`,
    );
  }
  const paid = new Map(
    world.provider.transactions.map((one) => [one.reference, one.status === "paid" ? collectedOf(one) : 0n]),
  );
  for (const [reference, rows] of Map.groupBy(alive, (row) => row.paid)) {
    auditor.expect(
      "givenTooMuch",
      sumOf(rows) <= (paid.get(reference ?? "") ?? 0n),
      () =>
        `${reference}: ${sumOf(rows)} refunded or pending, the provider took ${paid.get(reference ?? "")}`,
    );
  }
  for (const [reference, given] of Map.groupBy(
    [...world.provider.desk.given.values()].filter(({ state }) => state !== "refused"),
    (one) => one.reference,
  )) {
    auditor.expect(
      "givenTooMuch",
      sumOf(given) <= (paid.get(reference) ?? 0n),
      () => `${reference}: the provider gave ${sumOf(given)} back and took ${paid.get(reference)}`,
    );
  }
}

function onlyRefundsMade({ world, auditor, words }: Stage, { refunds }: Books, calm: boolean): void {
  const { desk } = world.provider;
  for (const { id, ref, minor, state, paid } of refunds) {
    const byHand = words.some(
      (said) => said.refundId === id && said.heard === "yes" && said.done && said.minor === minor,
    );
    // a decision whose answer was lost may have been accepted
    const perhapsByHand = words.some((said) => said.refundId === id && said.heard === "nothing" && said.done);
    const given = desk.given.get(ref);
    const there = given?.state === "done" && given.minor === minor && given.reference === paid;
    auditor.expect(
      "givenForNothing",
      state !== "succeeded" || there || byHand || perhapsByHand,
      () =>
        `refund ${id} of ${minor}: the provider says ${given ? `${given.state} ${given.minor}` : "nothing"}`,
    );
    auditor.expect(
      "givenTwice",
      !(byHand && (given?.state ?? "refused") !== "refused"),
      () => `refund ${id}: by the provider and by hand`,
    );
    auditor.expect(
      "saidNoRefund",
      state !== "failed" || ((given?.state ?? "refused") === "refused" && !desk.isLate(ref)),
      () => `refund ${id}`,
    );
    if (!calm) continue;
    auditor.expect(
      "lostRefund",
      state === "succeeded" || given?.state !== "done",
      () => `refund ${id} of ${minor} is ${state}`,
    );
    auditor.expect(
      "open",
      !["created", "pending", "unknown"].includes(state),
      () => `refund ${id} is ${state}`,
    );
  }
  const refs = new Set(refunds.map(({ ref }) => ref));
  for (const { refundRef, state } of desk.given.values())
    auditor.expect("unasked", refs.has(refundRef), () => `the provider knows refund ${refundRef}: ${state}`);
}

function bookedWhenDone({ auditor, world }: Stage, { refunds, postings }: Books): void {
  const booked = Map.groupBy(
    postings.filter(({ kind }) => kind === "refund"),
    ({ reference }) => reference,
  );
  for (const { id, ref, minor, state, case: caseId } of refunds) {
    // what the provider refused can only have come from the bank
    const giver =
      world.provider.desk.given.get(ref)?.state === "refused" ? CHART.bank : clearingCode(SIM_PROVIDER);
    const [from, to] = [account(caseId === null ? CHART.received : CHART.suspense), account(giver)];
    const own = booked.get(ref) ?? [];
    const right =
      own.length === (state === "succeeded" ? 1 : 0) &&
      own.every((one) => one.minor === minor && one.debit === from && one.credit === to);
    auditor.expect(
      "refundBooked",
      right,
      () => `refund ${id} of ${minor} is ${state} and booked ${own.length} times, ${sumOf(own)}`,
    );
  }
  const refs = new Set(refunds.map(({ ref }) => ref));
  for (const reference of booked.keys())
    auditor.expect("unasked", refs.has(reference), () => `a refund is booked of ${reference}`);
}

/**
 * Money in suspense is open, applied to one order, or refunded; exactly one of these, however many try at
 * once.
 */
function everyCaseOnce({ auditor, applied }: Stage, { refunds, cases, payments, postings }: Books): void {
  for (const { id, reference, minor, state, appliedTo } of cases) {
    const back = refunds.filter((row) => row.case === id && row.state !== "failed");
    const taken = payments.filter(
      (payment) => payment.state === "succeeded" && payment.reference === reference,
    );
    const moved = postings.filter((one) => one.kind === "apply" && one.reference === reference);
    const done = back.filter((row) => row.state === "succeeded").length;
    const counts =
      `${taken.length} taken, ${moved.length} booked, ` +
      `${back.length - done} refunds pending, ${done} refunded`;
    const wanted = {
      open: [0, 0, 0, 0],
      applied: [1, 1, 0, 0],
      refunding: [0, 0, 1, 0],
      refunded: [0, 0, 0, 1],
    }[state];
    auditor.expect(
      "caseOnce",
      wanted !== undefined && [taken.length, moved.length, back.length - done, done].join() === wanted.join(),
      () => `the case of ${reference} is ${state}: ${counts}`,
    );
    const sound =
      taken.every((payment) => payment.minor === minor && payment.order === appliedTo) &&
      moved.every(
        (one) =>
          one.minor === minor &&
          one.debit === account(CHART.suspense) &&
          one.credit === account(CHART.received),
      ) &&
      back.every((row) => row.minor === minor);
    auditor.expect(
      "caseOnce",
      sound,
      () =>
        `the case of ${reference} of ${minor} for ${appliedTo ?? "nobody"} differs from what became of it`,
    );
    const heard = applied.filter((one) => one.caseId === id && one.heard === "yes");
    auditor.expect(
      "acknowledged",
      heard.length <= 1 && heard.every(({ orderId }) => state === "applied" && appliedTo === orderId),
      () =>
        `the case of ${reference} was applied to ` +
        `${heard.map(({ orderId }) => orderId).join(" and ")}; it is ${state}`,
    );
  }
  auditor.equal(
    "caseOnce",
    "postings of applied cases",
    postings.filter(({ kind }) => kind === "apply").length,
    cases.filter(({ state }) => state === "applied").length,
  );
}
