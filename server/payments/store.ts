import { IDR, money, type Currency, type Id, type Money } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Opened, ProviderState } from "../providers/index.ts";
import type { NewOrder, Order } from "./order.ts";
import {
  isOpen,
  isOver,
  type Candidate,
  type Payment,
  type PaymentState,
  type Verification,
} from "./payment.ts";
import { FIRST_INQUIRY_MS } from "./plan.ts";

type OrderRow = {
  merchant_id: Id;
  order_id: string;
  currency: Currency;
  amount: bigint;
  customer_name: string;
  customer_email: string | null;
  customer_phone: string | null;
  items: Array<{ sku: string | null; name: string; price: string; quantity: number }>;
  outlet_id: Id | null;
  created_at: Date;
};

function toOrder(row: OrderRow): Order {
  return {
    merchantId: row.merchant_id,
    orderId: row.order_id,
    amount: money(row.amount, row.currency),
    customer: { name: row.customer_name, email: row.customer_email, phone: row.customer_phone },
    items: row.items.map((item) => ({ ...item, price: BigInt(item.price) })),
    outletId: row.outlet_id,
    createdAt: row.created_at,
  };
}

/** Inserts an order, or selects the one with this id. `same` is whether its request had the same content. */
export async function insertOrder(
  executor: Executor,
  order: NewOrder,
  requestHash: Buffer,
): Promise<{ order: Order; same: boolean }> {
  const items = JSON.stringify(order.items.map((item) => ({ ...item, price: item.price.toString() })));
  await sql`
    insert into payment_order (merchant_id, order_id, request_hash, currency, amount,
      customer_name, customer_email, customer_phone, items, outlet_id)
    values (${order.merchantId}, ${order.orderId}, ${requestHash}, ${order.amount.currency},
      ${order.amount.minor}, ${order.customer.name}, ${order.customer.email}, ${order.customer.phone},
      ${items}::jsonb, ${order.outletId ?? null})
    on conflict do nothing`.execute(executor);
  const { rows } = await sql<OrderRow & { request_hash: Buffer }>`
    select merchant_id, order_id, currency, amount, customer_name, customer_email, customer_phone, items,
           outlet_id, created_at, request_hash
      from payment_order where merchant_id = ${order.merchantId} and order_id = ${order.orderId}`.execute(
    executor,
  );
  const [row] = rows;
  if (!row) throw new Error("the inserted order was not found");
  return { order: toOrder(row), same: row.request_hash.equals(requestHash) };
}

/** Erases the customer of orders. What was ordered and paid stays. */
export async function eraseCustomer(
  executor: Executor,
  merchantId: Id,
  orderIds: readonly string[],
): Promise<void> {
  await sql`
    update payment_order set customer_name = '#', customer_email = null, customer_phone = null
     where merchant_id = ${merchantId} and order_id = any (${[...orderIds]}::text[])`.execute(executor);
}

export async function selectOrder(
  executor: Executor,
  merchantId: Id,
  orderId: string,
): Promise<Order | undefined> {
  const { rows } = await sql<OrderRow>`
    select merchant_id, order_id, currency, amount, customer_name, customer_email, customer_phone, items,
           outlet_id, created_at
      from payment_order where merchant_id = ${merchantId} and order_id = ${orderId}`.execute(executor);
  return rows[0] && toOrder(rows[0]);
}

/**
 * Locks the order's row, so that decisions on its payments are made one after another. Returns whether it was
 * cancelled, and its amount in minor units: 0 if there is no such order.
 */
export async function lockOrder(
  tx: Tx,
  merchantId: Id,
  orderId: string,
): Promise<{ cancelled: boolean; amount: bigint; currency: Currency }> {
  const { rows } = await sql<{ cancelled: boolean; amount: bigint; currency: Currency }>`
    select cancelled_at is not null as cancelled, amount, currency from payment_order
     where merchant_id = ${merchantId} and order_id = ${orderId} for update`.execute(tx);
  return rows[0] ?? { cancelled: false, amount: 0n, currency: IDR };
}

export async function markOrderCancelled(tx: Tx, merchantId: Id, orderId: string): Promise<void> {
  await sql`
    update payment_order set cancelled_at = coalesce(cancelled_at, now())
     where merchant_id = ${merchantId} and order_id = ${orderId}`.execute(tx);
}

type PaymentRow = {
  merchant_id: Id;
  payment_id: Id;
  order_id: string;
  method: string;
  channel: string;
  provider: string;
  account_id: Id | null;
  currency: Currency;
  amount: bigint;
  state: PaymentState;
  merchant_ref: string;
  reference: string | null;
  channel_name: string | null;
  payer_amount: bigint | null;
  fee_merchant: bigint | null;
  fee_customer: bigint | null;
  qr_string: string | null;
  pay_code: string | null;
  checkout_url: string | null;
  expires_at: Date | null;
  paid_at: Date | null;
  lost_at: Date | null;
  routing: readonly Candidate[] | null;
  verification: Verification | null;
  outlet_id: Id | null;
  created_at: Date;
};

const NAMES =
  "merchant_id, payment_id, order_id, method, channel, provider, account_id, currency, amount, state, " +
  "merchant_ref, reference, channel_name, payer_amount, fee_merchant, fee_customer, qr_string, pay_code, " +
  "checkout_url, expires_at, paid_at, lost_at, routing, verification, outlet_id, created_at";
const COLUMNS = sql.raw(NAMES);
const COLUMNS_OF_P = sql.raw(NAMES.replaceAll(/\w+/g, "p.$&"));

function toPayment(row: PaymentRow): Payment {
  return {
    merchantId: row.merchant_id,
    paymentId: row.payment_id,
    orderId: row.order_id,
    method: row.method,
    channel: row.channel,
    provider: row.provider,
    accountId: row.account_id,
    amount: money(row.amount, row.currency),
    state: row.state,
    merchantRef: row.merchant_ref,
    reference: row.reference,
    channelName: row.channel_name,
    payerAmount: row.payer_amount,
    feeMerchant: row.fee_merchant,
    feeCustomer: row.fee_customer,
    qrString: row.qr_string,
    payCode: row.pay_code,
    checkoutUrl: row.checkout_url,
    expiresAt: row.expires_at,
    paidAt: row.paid_at,
    lostAt: row.lost_at,
    routing: row.routing,
    verification: row.verification,
    outletId: row.outlet_id,
    createdAt: row.created_at,
  };
}

export type NewPayment = Pick<
  Payment,
  | "merchantId"
  | "paymentId"
  | "orderId"
  | "method"
  | "channel"
  | "provider"
  | "amount"
  | "state"
  | "merchantRef"
  | "expiresAt"
> & {
  readonly accountId?: Id | null;
  readonly outletId?: Id | null;
  readonly reference?: string;
  readonly routing?: readonly Candidate[];
  /** Delay of the first inquiry, in milliseconds; default: no inquiry. */
  readonly inquireAfterMs?: number;
  /** The cashier who confirmed a payment to the outlet's printed code. */
  readonly confirmedBy?: Id;
};

/** A time this many milliseconds from now, or null. */
const fromNow = (ms: number | null) => sql`now() + ${ms}::float8 * interval '1 millisecond'`;

export async function insertPayment(tx: Executor, payment: NewPayment): Promise<Payment> {
  const { rows } = await sql<PaymentRow>`
    insert into payment (merchant_id, payment_id, order_id, method, channel, provider, account_id, currency,
      amount, state, merchant_ref, reference, expires_at, routing, verification, outlet_id, confirmed_by,
      paid_at, ask_at)
    values (${payment.merchantId}, ${payment.paymentId}, ${payment.orderId}, ${payment.method},
      ${payment.channel}, ${payment.provider}, ${payment.accountId ?? null},
      ${payment.amount.currency}, ${payment.amount.minor},
      ${payment.state}, ${payment.merchantRef}, ${payment.reference ?? null}, ${payment.expiresAt},
      ${payment.routing ? JSON.stringify(payment.routing) : null}::jsonb,
      ${payment.confirmedBy ? "unverified" : null}, ${payment.outletId ?? null},
      ${payment.confirmedBy ?? null},
      ${payment.state === "succeeded" ? sql`now()` : null}, ${fromNow(payment.inquireAfterMs ?? null)})
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the inserted payment was not returned");
  return toPayment(row);
}

export async function selectPayment(
  executor: Executor,
  merchantId: Id,
  paymentId: Id,
): Promise<Payment | undefined> {
  const { rows } = await sql<PaymentRow>`
    select ${COLUMNS} from payment where merchant_id = ${merchantId} and payment_id = ${paymentId}`.execute(
    executor,
  );
  return rows[0] && toPayment(rows[0]);
}

export type LockedOrder = { readonly cancelled: boolean; readonly amount: bigint };

/**
 * Locks a payment's order like `lockOrder`, and selects the payment, in one query. Both rows are locked;
 * otherwise either could be read as it was before the wait for the lock.
 */
export async function lockPayment(
  tx: Tx,
  { merchantId, paymentId, orderId }: Pick<Payment, "merchantId" | "paymentId" | "orderId">,
): Promise<{ order: LockedOrder; payment: Payment }> {
  const { rows } = await sql<PaymentRow & { order_cancelled: boolean; order_amount: bigint }>`
    select ${COLUMNS_OF_P}, o.cancelled_at is not null as order_cancelled, o.amount as order_amount
      from payment_order o join payment p on p.merchant_id = o.merchant_id and p.order_id = o.order_id
     where o.merchant_id = ${merchantId} and o.order_id = ${orderId} and p.payment_id = ${paymentId}
       for update of o, p`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the payment no longer exists");
  return { order: { cancelled: row.order_cancelled, amount: row.order_amount }, payment: toPayment(row) };
}

/** Payments of an order, oldest first. */
export async function selectPayments(
  executor: Executor,
  merchantId: Id,
  orderId: string,
): Promise<Payment[]> {
  const { rows } = await sql<PaymentRow>`
    select ${COLUMNS} from payment
     where merchant_id = ${merchantId} and order_id = ${orderId}
     order by payment_id`.execute(executor);
  return rows.map(toPayment);
}

/** Payments of several orders, by order, oldest first. */
export async function selectPaymentsOfOrders(
  executor: Executor,
  merchantId: Id,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Payment[]>> {
  const { rows } = await sql<PaymentRow>`
    select ${COLUMNS} from payment
     where merchant_id = ${merchantId} and order_id = any (${[...orderIds]}::text[])
     order by payment_id`.execute(executor);
  return Map.groupBy(rows.map(toPayment), ({ orderId }) => orderId);
}

export async function selectPaymentByMerchantRef(
  executor: Executor,
  merchantRef: string,
): Promise<Payment | undefined> {
  const { rows } =
    await sql<PaymentRow>`select ${COLUMNS} from payment where merchant_ref = ${merchantRef}`.execute(
      executor,
    );
  return rows[0] && toPayment(rows[0]);
}

/** A provider's text if it fits the column. A longer one is dropped, so that it can't fail the payment. */
const fitting = (text: string | null | undefined, maxLength: number): string | null =>
  text && text.length <= maxLength ? text : null;

/** What is written with a payment's state. */
export type PaymentFacts = {
  readonly opened?: Opened | null;
  readonly found?: ProviderState;
  readonly note?: string;
  /** The provider's answer was lost. */
  readonly lost?: boolean;
  readonly inquireAfterMs?: number;
};

/**
 * Writes a payment's state and what the provider reported; called by `move-payment.ts` alone. A payment in a
 * final state is never due for an inquiry; one that opens again is.
 */
export async function updatePayment(
  tx: Tx,
  payment: Payment,
  state: PaymentState,
  facts: PaymentFacts,
): Promise<Payment> {
  const { opened, found, note, lost = false, inquireAfterMs = null } = facts;
  const { rows } = await sql<PaymentRow>`
    update payment set
      state = ${state},
      reference = coalesce(${opened?.reference ?? found?.reference ?? null}, reference),
      channel_name = coalesce(${opened?.channelName.slice(0, 80) ?? null}, channel_name),
      payer_amount = coalesce(${opened?.amount.minor ?? found?.amount.minor ?? null}::bigint, payer_amount),
      fee_merchant = coalesce(
        ${found?.feeMerchant.minor ?? opened?.feeMerchant.minor ?? null}::bigint, fee_merchant),
      fee_customer = coalesce(
        ${found?.feeCustomer.minor ?? opened?.feeCustomer.minor ?? null}::bigint, fee_customer),
      qr_string = coalesce(${fitting(opened?.qrString, 1024)}, qr_string),
      pay_code = coalesce(${fitting(opened?.payCode, 80)}, pay_code),
      checkout_url = coalesce(${fitting(opened?.checkoutUrl, 500)}, checkout_url),
      expires_at = coalesce(${opened?.expiresAt ?? null}::timestamptz, expires_at),
      paid_at = case when ${state} = 'succeeded'
        then coalesce(paid_at, ${found?.paidAt ?? null}::timestamptz, now()) else paid_at end,
      lost_at = case when ${lost} then coalesce(lost_at, now()) else lost_at end,
      note = coalesce(${note?.slice(0, 300) ?? null}, note),
      ask_at = case when ${isOver(state)} then null
        else coalesce(${fromNow(inquireAfterMs)}, ask_at,
                      ${fromNow(isOpen(state) ? FIRST_INQUIRY_MS : null)}) end,
      asked = case when ${inquireAfterMs}::float8 is null and ask_at is not null then asked else 0 end,
      updated_at = now()
     where merchant_id = ${payment.merchantId} and payment_id = ${payment.paymentId}
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the updated payment was not returned");
  return toPayment(row);
}

/** Records that the answer to a payment's opening was lost. */
export async function markLost(tx: Tx, { merchantId, paymentId }: Payment): Promise<void> {
  await sql`
    update payment set lost_at = coalesce(lost_at, now())
     where merchant_id = ${merchantId} and payment_id = ${paymentId}`.execute(tx);
}

/** Locks a reference until the transaction ends: concurrent uses of the same proof wait. */
export async function lockReference(tx: Tx, merchantId: Id, reference: string): Promise<void> {
  const name = `static qris ${merchantId} ${reference}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

/** Whether another payment to a printed code has this reference. */
export async function isReferenceUsed(
  tx: Tx,
  merchantId: Id,
  reference: string,
  paymentId: Id,
): Promise<boolean> {
  const { rows } = await sql`
    select from payment
     where merchant_id = ${merchantId} and verification is not null and reference = ${reference}
       and payment_id <> ${paymentId}`.execute(tx);
  return rows.length > 0;
}

/** Saves the verification of a payment to a printed code, with its proof. */
export async function updateVerification(
  tx: Tx,
  { merchantId, paymentId }: Payment,
  verification: Verification,
  proof?: { reference: string; fee: bigint },
): Promise<Payment> {
  const { rows } = await sql<PaymentRow>`
    update payment set verification = ${verification},
           reference = coalesce(${proof?.reference ?? null}, reference),
           fee_merchant = coalesce(${proof?.fee ?? null}::bigint, fee_merchant),
           updated_at = now()
     where merchant_id = ${merchantId} and payment_id = ${paymentId}
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the updated payment was not returned");
  return toPayment(row);
}

/**
 * The providers in the order of the merchant's first matching rule, by method, amount in minor units, and the
 * time of day at its first outlet. Empty if no rule matches.
 */
export async function selectRouting(
  executor: Executor,
  merchantId: Id,
  method: string,
  amount: bigint,
): Promise<readonly string[]> {
  const { rows } = await sql<{ providers: string[] }>`
    select r.providers from routing_rule r
      left join lateral (
        select (now() at time zone o.time_zone)::time as now from outlet o
         where o.merchant_id = r.merchant_id
         order by o.outlet_id limit 1) z on true
     where r.merchant_id = ${merchantId} and r.is_active
       and (r.method is null or r.method = ${method})
       and (r.amount_from is null or r.amount_from <= ${amount})
       and (r.amount_to is null or r.amount_to >= ${amount})
       and (r.time_from is null or r.time_to is null
            or case when r.time_from <= r.time_to then z.now between r.time_from and r.time_to
                    else z.now >= r.time_from or z.now <= r.time_to end)
     order by r.rank, r.rule_id limit 1`.execute(executor);
  return rows[0]?.providers ?? [];
}

/** Whether a payment was created more than this many seconds ago, by the database's clock. */
export async function isOlder(
  executor: Executor,
  { merchantId, paymentId }: Payment,
  seconds: number,
): Promise<boolean> {
  const { rows } = await sql<{ older: boolean }>`
    select created_at < now() - make_interval(secs => ${seconds}) as older
      from payment where merchant_id = ${merchantId} and payment_id = ${paymentId}`.execute(executor);
  return rows[0]?.older ?? false;
}

/** A payment that is due for an inquiry. */
export type Inquiry = {
  readonly merchantId: Id;
  readonly paymentId: Id;
  /** How many inquiries were made since the schedule was last reset. */
  readonly tries: number;
  /** When the lease ends, as text from the database: a Date has no microseconds. */
  readonly leasedUntil: string;
};

/**
 * Takes payments that are due for an inquiry, the longest due first, and leases them for `leaseSeconds`. A
 * process that doesn't renew its lease is considered dead, and others may take the payment. Payments in a
 * final state are not in the index that this query reads.
 */
export async function takeInquiries(
  executor: Executor,
  limit: number,
  leaseSeconds: number,
): Promise<Inquiry[]> {
  const { rows } = await sql<{ merchant_id: Id; payment_id: Id; tries: number; leased_until: string }>`
    with due as (
      select merchant_id, payment_id from payment
       where ask_at <= now() and state in ('created', 'pending', 'unknown', 'cancelled')
       order by ask_at limit ${limit} for update skip locked)
    update payment p set asked = least(p.asked + 1, 1000),
           ask_at = now() + make_interval(secs => ${leaseSeconds})
      from due where p.merchant_id = due.merchant_id and p.payment_id = due.payment_id
    returning p.merchant_id, p.payment_id, p.asked - 1 as tries, p.ask_at::text as leased_until`.execute(
    executor,
  );
  return rows.map((row) => ({
    merchantId: row.merchant_id,
    paymentId: row.payment_id,
    tries: row.tries,
    leasedUntil: row.leased_until,
  }));
}

/**
 * Renews the leases of inquiries that are still under way; returns the new leases by payment. It skips a
 * payment whose next inquiry has been scheduled meanwhile, and a row that is locked: waiting for it could
 * deadlock with the transaction that holds it.
 */
export async function renewInquiries(
  executor: Executor,
  inquiries: readonly Inquiry[],
  leaseSeconds: number,
): Promise<Map<Id, string>> {
  const { rows } = await sql<{ payment_id: Id; leased_until: string }>`
    with held as (
      select p.merchant_id, p.payment_id
        from unnest(${inquiries.map(({ merchantId }) => merchantId)}::uuid[],
                    ${inquiries.map(({ paymentId }) => paymentId)}::uuid[],
                    ${inquiries.map(({ leasedUntil }) => leasedUntil)}::timestamptz[])
               as i (merchant_id, payment_id, leased_until)
        join payment p
          on p.merchant_id = i.merchant_id and p.payment_id = i.payment_id and p.ask_at = i.leased_until
         for update of p skip locked)
    update payment p set ask_at = now() + make_interval(secs => ${leaseSeconds})
      from held where p.merchant_id = held.merchant_id and p.payment_id = held.payment_id
    returning p.payment_id, p.ask_at::text as leased_until`.execute(executor);
  return new Map(rows.map((row) => [row.payment_id, row.leased_until]));
}

/**
 * Schedules the next inquiry about a payment, in milliseconds from now; null: none. `anew` resets the number
 * of tries.
 */
export async function planInquiry(
  executor: Executor,
  { merchantId, paymentId }: Pick<Payment, "merchantId" | "paymentId">,
  afterMs: number | null,
  anew = false,
): Promise<void> {
  await sql`
    update payment set ask_at = ${fromNow(afterMs)}, asked = case when ${anew} then 0 else asked end
     where merchant_id = ${merchantId} and payment_id = ${paymentId}`.execute(executor);
}

export async function insertNotification(
  executor: Executor,
  notification: {
    merchantId: Id;
    notificationId: Id;
    provider: string;
    reference: string;
    status: string;
    paymentId: Id | null;
    outcome: string;
    body: string;
  },
): Promise<void> {
  await sql`
    insert into provider_notification (merchant_id, notification_id, provider, reference, status, payment_id,
      outcome, body)
    values (${notification.merchantId}, ${notification.notificationId}, ${notification.provider},
      ${notification.reference}, ${notification.status}, ${notification.paymentId},
      ${notification.outcome}, ${notification.body}::jsonb)`.execute(executor);
}

export type NewCase = {
  readonly merchantId: Id;
  readonly caseId: Id;
  readonly provider: string;
  readonly accountId: Id | null;
  readonly reference: string;
  readonly paymentId: Id | null;
  readonly reason: "late" | "short" | "over" | "orphan" | "double";
  readonly currency: Currency;
  readonly amount: bigint;
  readonly transferId: Id;
};

/** Opens a case for money in suspense; false if this money already has a case. */
export async function insertCase(tx: Tx, newCase: NewCase): Promise<boolean> {
  const { rows } = await sql`
    insert into suspense_case (merchant_id, case_id, provider, account_id, reference, payment_id, reason,
      currency, amount, transfer_id)
    values (${newCase.merchantId}, ${newCase.caseId}, ${newCase.provider}, ${newCase.accountId},
      ${newCase.reference}, ${newCase.paymentId}, ${newCase.reason}, ${newCase.currency}, ${newCase.amount},
      ${newCase.transferId})
    on conflict do nothing
    returning case_id`.execute(tx);
  return rows.length > 0;
}

export type SuspenseCase = {
  readonly merchantId: Id;
  readonly caseId: Id;
  readonly provider: string;
  readonly accountId: Id | null;
  readonly reference: string;
  readonly paymentId: Id | null;
  readonly reason: NewCase["reason"];
  readonly amount: Money;
  readonly state: "open" | "applied" | "refunding" | "refunded";
  readonly appliedTo: string | null;
  readonly decidedBy: string | null;
  readonly openedAt: Date;
};

type CaseRow = {
  merchant_id: Id;
  case_id: Id;
  provider: string;
  account_id: Id | null;
  reference: string;
  payment_id: Id | null;
  reason: NewCase["reason"];
  currency: Currency;
  amount: bigint;
  state: SuspenseCase["state"];
  applied_to: string | null;
  decided_by: string | null;
  opened_at: Date;
};

const CASE_COLUMNS = sql.raw(
  "merchant_id, case_id, provider, account_id, reference, payment_id, reason, currency, amount, state, " +
    "applied_to, decided_by, opened_at",
);

function toCase(row: CaseRow): SuspenseCase {
  return {
    merchantId: row.merchant_id,
    caseId: row.case_id,
    provider: row.provider,
    accountId: row.account_id,
    reference: row.reference,
    paymentId: row.payment_id,
    reason: row.reason,
    amount: money(row.amount, row.currency),
    state: row.state,
    appliedTo: row.applied_to,
    decidedBy: row.decided_by,
    openedAt: row.opened_at,
  };
}

/** Selects a case. With `lock`, its row is locked until the transaction ends. */
export async function selectCase(
  executor: Executor,
  merchantId: Id,
  caseId: Id,
  lock = false,
): Promise<SuspenseCase | undefined> {
  const { rows } = await sql<CaseRow>`
    select ${CASE_COLUMNS} from suspense_case
     where merchant_id = ${merchantId} and case_id = ${caseId} ${lock ? sql`for update` : sql``}`.execute(
    executor,
  );
  return rows[0] && toCase(rows[0]);
}

/** The case of the money that was received for a payment. */
export async function selectCaseOf(
  executor: Executor,
  { merchantId, paymentId }: Payment,
): Promise<SuspenseCase | undefined> {
  const { rows } = await sql<CaseRow>`
    select ${CASE_COLUMNS} from suspense_case
     where merchant_id = ${merchantId} and payment_id = ${paymentId}
     order by opened_at limit 1`.execute(executor);
  return rows[0] && toCase(rows[0]);
}

/** The payment that money in suspense was applied as. */
export async function selectAppliedPayment(
  executor: Executor,
  { merchantId, provider, reference }: SuspenseCase,
): Promise<Payment | undefined> {
  const { rows } = await sql<PaymentRow>`
    select ${COLUMNS} from payment
     where merchant_id = ${merchantId} and provider = ${provider} and reference = ${reference}
       and state = 'succeeded'`.execute(executor);
  return rows[0] && toPayment(rows[0]);
}

/**
 * An SQL condition on rows that reference a payment: an outlet sees its own rows and those without an outlet.
 * Without `outletId`, all rows match. `alias` is the table's alias.
 */
export function visibleTo(alias: string, outletId: Id | null) {
  const row = sql.raw(alias);
  return sql`(${outletId}::uuid is null or not exists (
    select from payment seen
     where seen.merchant_id = ${row}.merchant_id and seen.payment_id = ${row}.payment_id
       and seen.outlet_id <> ${outletId}::uuid))`;
}

/** Cases, oldest first: in a state if one is given, and visible to an outlet if one is given. */
export async function selectCases(
  executor: Executor,
  merchantId: Id,
  { state, outletId }: { state: SuspenseCase["state"] | undefined; outletId: Id | null },
  limit: number,
): Promise<SuspenseCase[]> {
  const { rows } = await sql<CaseRow>`
    select ${CASE_COLUMNS} from suspense_case c
     where merchant_id = ${merchantId} and (${state ?? null}::text is null or state = ${state ?? null})
       and ${visibleTo("c", outletId)}
     order by opened_at, case_id limit ${limit}`.execute(executor);
  return rows.map(toCase);
}

export async function markCase(
  tx: Tx,
  merchantId: Id,
  caseId: Id,
  { state, by, appliedTo }: { state: SuspenseCase["state"]; by: string; appliedTo?: string },
): Promise<void> {
  await sql`
    update suspense_case set state = ${state}, decided_by = ${by}, decided_at = now(),
           applied_to = ${appliedTo ?? null}
     where merchant_id = ${merchantId} and case_id = ${caseId}`.execute(tx);
}

/** How many cases and disputes are open; visible to an outlet if one is given. */
export async function countOpenCases(
  executor: Executor,
  merchantId: Id,
  outletId: Id | null,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select ((select count(*) from suspense_case c
              where merchant_id = ${merchantId} and state = 'open' and ${visibleTo("c", outletId)})
          + (select count(*) from dispute d
              where merchant_id = ${merchantId} and state = 'opened' and ${visibleTo("d", outletId)})
           )::int as count`.execute(executor);
  return rows[0]?.count ?? 0;
}

type Breach = { readonly rule: string; readonly subject: string; readonly detail: string };

/**
 * Payments that contradict their events (kept for 30 days; a payment is verified up to 60 days after it
 * succeeded), their refunds and disputes, or the ledger's unverified balance.
 */
export async function selectBreaches(executor: Executor): Promise<Breach[]> {
  const { rows } = await sql<Breach>`
    select 'every event has its fact' as rule, e.subject,
           'payment.succeeded, but the payment is ' || coalesce(p.state, 'missing') as detail
      from outbox_event e
      left join payment p on p.merchant_id = e.merchant_id and p.payment_id::text = e.subject
     where e.topic = 'payment.succeeded' and p.state is distinct from 'succeeded'
    union all
    select 'every fact has its event', p.payment_id::text, 'succeeded, but never announced'
      from payment p
      left join outbox_event e
        on e.merchant_id = p.merchant_id and e.topic = 'payment.succeeded' and e.subject = p.payment_id::text
     where p.state = 'succeeded' and p.paid_at > now() - interval '29 days' and e.subject is null
    union all
    select 'no more is given and taken back than was paid', p.payment_id::text,
           'paid ' || p.amount || ', given back ' || coalesce(r.sum, 0) || ', disputed ' || coalesce(d.sum, 0)
      from payment p
      left join (select merchant_id, payment_id, sum(amount) from refund
                  where payment_id is not null and state <> 'failed'
                  group by 1, 2) r using (merchant_id, payment_id)
      left join (select merchant_id, payment_id, sum(amount) from dispute
                  where state <> 'won'
                  group by 1, 2) d using (merchant_id, payment_id)
     where p.state = 'succeeded' and coalesce(r.sum, 0) + coalesce(d.sum, 0) > p.amount
    union all
    select 'what is disputed is the sum of open disputes', a.merchant_id::text,
           'the account says ' || -b.posted || ', the disputes ' || coalesce(d.sum, 0)
      from ledger_account a
      join ledger_balance b using (merchant_id, account_id)
      left join (select merchant_id, sum(amount) from dispute
                  where state = 'opened'
                  group by 1) d using (merchant_id)
     where a.kind = 'disputed' and -b.posted <> coalesce(d.sum, 0)
    union all
    select 'what payments call unverified is in its account', a.merchant_id::text,
           'the account says ' || -b.posted || ', payments ' || coalesce(p.sum, 0)
      from ledger_account a
      join ledger_balance b using (merchant_id, account_id)
      left join (select merchant_id, sum(amount) as sum from payment
                  where verification = 'unverified'
                  group by merchant_id) p using (merchant_id)
     where a.kind = 'unverified_clearing' and b.posted <> -coalesce(p.sum, 0)
    limit 100`.execute(executor);
  return rows;
}
