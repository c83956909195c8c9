import {
  checkedToPhone,
  isRefusal,
  money,
  refuse,
  type Id,
  type Money,
  type Refusal,
} from "@onegate/contract";
import { inTransaction, messageOf, type Tx } from "../kernel/index.ts";
import { UNREACHABLE, type OpenAnswer } from "../providers/index.ts";
import type { OfferedChannel } from "./channels.ts";
import { providerOf, type Payments } from "./context.ts";
import { movePayment, noteFacts } from "./move-payment.ts";
import type { Order } from "./order.ts";
import {
  isCodeless,
  isOpen,
  merchantRefOf,
  methodOf,
  next,
  paidSum,
  type Candidate,
  type Payment,
  type PaymentEvent,
} from "./payment.ts";
import { FIRST_INQUIRY_MS } from "./plan.ts";
import { explain, routesFor } from "./route.ts";
import {
  insertPayment,
  lockOrder,
  lockPayment,
  selectOrder,
  selectPayment,
  selectPayments,
} from "./store.ts";
import { SURCHARGE_WARNING, surchargesOpened } from "./surcharge.ts";

/**
 * How many minutes a payer has, within Tripay's limits: QRIS 10 to 60, e-wallets 15 to 60, others at least 60
 * (from its channel table).
 */
const PAYER_MINUTES: Readonly<Record<string, number>> = {
  QRIS: 15,
  EWALLET: 30,
  VIRTUAL_ACCOUNT: 90,
  STORE: 90,
};
const DEFAULT_MINUTES = 15;
/** Delay of the first inquiry after the provider's answer to the opening was lost. */
const FIRST_INQUIRY_OF_UNKNOWN_MS = 5_000;

/**
 * Opens a payment for an order on a channel, for the whole amount still to be paid or for a part of it. If a
 * matching payment is already open, it is returned; while a payment is unknown, no other is opened. A
 * provider that certainly received nothing is skipped, and the next one is tried. Refuses `order_unknown`,
 * `currency_differs`, `amount_not_positive`, `order_paid`, `amount_above_remaining`, what `routesFor`
 * refuses, `order_cancelled`, and `qris_surcharge_forbidden`, in this order.
 */
export async function openPayment(
  payments: Payments,
  merchantId: Id,
  orderId: string,
  channelCode: string,
  part?: Money,
): Promise<Payment | Refusal> {
  const order = await selectOrder(payments.database.kysely, merchantId, orderId);
  return order ? openPaymentOf(payments, order, channelCode, part) : refuse("order_unknown");
}

/** As `openPayment`, for an order that the caller has read. */
export async function openPaymentOf(
  payments: Payments,
  order: Order,
  channelCode: string,
  part?: Money,
): Promise<Payment | Refusal> {
  const { merchantId, orderId } = order;
  if (part && part.currency !== order.amount.currency) return refuse("currency_differs");
  if (part && part.minor <= 0n) return refuse("amount_not_positive");
  // a retry returns the open payment even if its provider, and so its channel, is unreachable now
  const decided = decide(
    order,
    await selectPayments(payments.database.kysely, merchantId, orderId),
    undefined,
    part,
  );
  if (isRefusal(decided)) return decided;
  if (decided.open) return decided.open;
  const routes = await routesFor(
    payments,
    payments.database.kysely,
    merchantId,
    channelCode,
    decided.amount,
    phoneOf(order),
  );
  if (isRefusal(routes)) return routes;
  let last: Payment | undefined;
  for (const [index, channel] of routes.entries()) {
    const written = await writePayment(
      payments,
      order,
      channel,
      explain(routes, channel, decided.amount),
      part,
    );
    if (isRefusal(written)) return written;
    if (!written.isNew) return written.payment;
    const attempt = await callProvider(payments, order, written.payment, index === routes.length - 1);
    if (attempt.refusal) return attempt.refusal;
    if (!attempt.unsent) return attempt.payment;
    last = attempt.payment;
  }
  return last ?? refuse("provider_unreachable");
}

/** Sends the payment that replaces a lost one to the same provider. Its job runs once. */
export async function openReplacement(payments: Payments, merchantId: Id, paymentId: Id): Promise<void> {
  const payment = await selectPayment(payments.database.kysely, merchantId, paymentId);
  const order =
    payment?.state === "created"
      ? await selectOrder(payments.database.kysely, merchantId, payment.orderId)
      : undefined;
  if (payment && order) await callProvider(payments, order, payment, true);
}

/**
 * Decides and saves the payment. It is committed before the provider is called, together with the time of its
 * first inquiry.
 */
async function writePayment(
  payments: Payments,
  order: Order,
  channel: OfferedChannel,
  routing: readonly Candidate[],
  part: Money | undefined,
): Promise<{ payment: Payment; isNew: boolean } | Refusal> {
  const { merchantId, orderId } = order;
  return inTransaction(payments.database, async (tx) => {
    const { cancelled } = await lockOrder(tx, merchantId, orderId);
    if (cancelled) return refuse("order_cancelled");
    const decided = decide(order, await selectPayments(tx, merchantId, orderId), channel.code, part);
    if (isRefusal(decided)) return decided;
    if (decided.open) return { payment: decided.open, isNew: false };
    const method = methodOf(channel);
    const minutes = PAYER_MINUTES[method] ?? DEFAULT_MINUTES;
    const paymentId = payments.newId();
    const payment = await insertPayment(tx, {
      merchantId,
      paymentId,
      orderId,
      method,
      channel: channel.code,
      provider: channel.provider,
      accountId: channel.accountId,
      outletId: order.outletId,
      amount: decided.amount,
      state: "created",
      merchantRef: merchantRefOf(paymentId),
      expiresAt: new Date(payments.clock.now() + minutes * 60_000),
      routing,
      inquireAfterMs: FIRST_INQUIRY_MS,
    });
    return { payment, isNew: true };
  });
}

/**
 * Decides by the order's earlier payments: a refusal, a payment that is still open (if it is unknown, on any
 * channel), or the amount to open.
 */
function decide(
  { amount }: Order,
  earlier: readonly Payment[],
  channelCode: string | undefined,
  part: Money | undefined,
): { open?: Payment; amount: Money } | Refusal {
  const left = amount.minor - paidSum(earlier);
  if (left <= 0n) return refuse("order_paid");
  const wanted = part ?? money(left, amount.currency);
  const open = earlier.find(
    ({ state, channel, amount: sum }) =>
      state === "unknown" ||
      state === "created" ||
      (state === "pending" && channel === channelCode && sum.minor === wanted.minor),
  );
  if (open) return { open, amount: open.amount };
  return wanted.minor > left
    ? refuse("amount_above_remaining", { left: left.toString() })
    : { amount: wanted };
}

/**
 * Calls the provider outside any transaction, then saves its answer. `unsent`: it surely received nothing.
 */
async function callProvider(
  payments: Payments,
  order: Order,
  payment: Payment,
  isLast: boolean,
): Promise<{ payment: Payment; unsent: boolean; refusal?: Refusal }> {
  const provider = await providerOf(payments, payment);
  const received: OpenAnswer = await provider
    .open({
      merchantRef: payment.merchantRef,
      channel: payment.channel,
      amount: payment.amount,
      items: itemsFor(order, payment),
      customer: {
        name: order.customer.name,
        email: order.customer.email ?? "pelanggan@onegate.invalid",
        phone: phoneOf(order),
      },
      expiresAt: payment.expiresAt ?? new Date(payments.clock.now() + DEFAULT_MINUTES * 60_000),
    })
    .catch((error: unknown) => ({ answer: "unknown", reason: provider.scrub(messageOf(error)) }) as const);
  const isForbidden =
    payments.refusesSurcharges &&
    received.answer === "opened" &&
    surchargesOpened(payment.method, received.opened);
  // its code is shown to nobody; if it is paid anyway, the money is accepted
  const answer: OpenAnswer = isForbidden ? { answer: "refused", reason: SURCHARGE_WARNING } : received;
  const unsent = answer.answer === "refused" && answer.reason === UNREACHABLE;
  // if another provider is tried next, dependents of the order don't learn of this failure
  const written = await inTransaction(payments.database, (tx) =>
    writeAnswer(tx, payments, payment, answer, unsent && !isLast),
  );
  if (!isForbidden) return { payment: written, unsent };
  payments.log.warn(
    { provider: provider.name, payment: payment.paymentId },
    "a QRIS payment was opened with a fee for the customer, which is forbidden: it is not shown",
  );
  return { payment: written, unsent, refusal: refuse("qris_surcharge_forbidden") };
}

/** Older orders hold phone numbers as they were typed. */
function phoneOf({ customer }: Order): string | null {
  const phone = customer.phone === null ? null : checkedToPhone(customer.phone);
  return isRefusal(phone) ? null : phone;
}

/**
 * The order's lines. A partial payment is a single line, because providers require lines that add up to the
 * amount.
 */
function itemsFor({ amount, items, orderId }: Order, payment: Payment) {
  if (payment.amount.minor !== amount.minor)
    return [{ sku: null, name: `Pembayaran sebagian ${orderId}`, price: payment.amount, quantity: 1 }];
  return items.map(({ sku, name, price, quantity }) => ({
    sku,
    name,
    price: money(price, amount.currency),
    quantity,
  }));
}

async function writeAnswer(
  tx: Tx,
  payments: Payments,
  before: Payment,
  answer: OpenAnswer,
  quiet: boolean,
): Promise<Payment> {
  const { payment } = await lockPayment(tx, before);
  const events = { opened: "open", refused: "refuse", unknown: "lose" } as const satisfies Record<
    OpenAnswer["answer"],
    PaymentEvent
  >;
  // A notification may arrive before this answer: then the state stays, and only the facts are added.
  const event = events[answer.answer];
  const state = next(payment.state, event) ?? payment.state;
  const isLost = answer.answer === "unknown";
  // If a notification arrived and the answer was lost, the code is lost with it: the provider is inquired of
  // at once.
  const isCodeLost = isLost && state === payment.state && state === "pending" && isCodeless(payment);
  const inquireAfterMs = isCodeLost
    ? 0
    : state !== payment.state && (state === "unknown" || !isOpen(payment.state))
      ? FIRST_INQUIRY_OF_UNKNOWN_MS
      : undefined;
  const facts = {
    ...(answer.answer === "opened" ? { opened: answer.opened } : { note: answer.reason, lost: isLost }),
    ...(inquireAfterMs === undefined ? {} : { inquireAfterMs }),
  };
  const moved = await movePayment(tx, quiet ? null : payments, payment, event, facts);
  return moved ?? noteFacts(tx, payment, facts);
}
