import { isRefusal, money, refuse, type Id, type Refusal } from "@onegate/contract";
import { addJob, announce, inTransaction, messageOf, type Tx } from "../kernel/index.ts";
import type { OpenAnswer } from "../providers/index.ts";
import { chooseChannel } from "./channels.ts";
import { providerOf, type Payments } from "./context.ts";
import { INQUIRE, inquiryKey } from "./inquire.ts";
import type { Order } from "./order.ts";
import { isOpen, merchantRefOf, methodOf, next, type Payment, type PaymentEvent } from "./payment.ts";
import { insertPayment, lockOrder, selectOrder, selectPayment, selectPayments, updatePayment } from "./store.ts";

/** How long a payer has, in minutes, within Tripay's bounds: QRIS 10 to 60, e-wallets 15 to 60, the others from 60 (its channel table). */
const PAYER_MINUTES: Readonly<Record<string, number>> = { QRIS: 15, EWALLET: 30, VIRTUAL_ACCOUNT: 90, STORE: 90 };
const USUAL_MINUTES = 15;
/** When a provider that never answered is asked for the first time. */
const FIRST_INQUIRY_MS = 5_000;

/**
 * Opens a payment for an order on a channel. Asked again, it answers the payment that is already open there; while an
 * earlier one is unknown no other is opened. Refuses `order_unknown`, `order_cancelled`, `order_paid`, and what `chooseChannel` refuses.
 */
export async function openPayment(payments: Payments, merchantId: Id, orderId: string, channelCode: string): Promise<Payment | Refusal> {
  const order = await selectOrder(payments.database.kysely, merchantId, orderId);
  if (!order) return refuse("order_unknown");
  const written = await writePayment(payments, order, channelCode);
  if (isRefusal(written) || !written.isNew) return isRefusal(written) ? written : written.payment;
  return tellProvider(payments, order, written.payment);
}

/** Check, decide and save the intent. The payment is committed before the provider hears of it, with a job to ask. */
async function writePayment(payments: Payments, order: Order, channelCode: string): Promise<{ payment: Payment; isNew: boolean } | Refusal> {
  const { merchantId, orderId, amount } = order;
  // an answer that is there already needs no channel: the provider may be away when a retry asks for it
  const decided = decide(await selectPayments(payments.database.kysely, merchantId, orderId), undefined);
  if (decided) return decided;
  const channel = await chooseChannel(payments, channelCode, amount);
  if (isRefusal(channel)) return channel;
  return inTransaction(payments.database, async (tx) => {
    const { cancelled } = await lockOrder(tx, merchantId, orderId);
    if (cancelled) return refuse("order_cancelled");
    const earlier = await selectPayments(tx, merchantId, orderId);
    const settled = decide(earlier, channel.code);
    if (settled) return settled;
    const method = methodOf(channel);
    const minutes = PAYER_MINUTES[method] ?? USUAL_MINUTES;
    const paymentId = payments.newId();
    await insertPayment(tx, {
      merchantId,
      paymentId,
      orderId,
      method,
      channel: channel.code,
      provider: channel.provider,
      amount,
      state: "created",
      merchantRef: merchantRefOf(paymentId),
      expiresAt: new Date(payments.clock.now() + minutes * 60_000),
    });
    await addJob(tx, INQUIRE, { merchantId, paymentId, tries: 0 }, { afterMs: FIRST_INQUIRY_MS, key: inquiryKey(paymentId) });
    const payment = await selectPayment(tx, merchantId, paymentId);
    if (!payment) throw new Error("an inserted payment comes back");
    return { payment, isNew: true };
  });
}

/** What the order's earlier payments answer by themselves: paid, or one that is still open (unknown on any channel). */
function decide(earlier: readonly Payment[], channelCode: string | undefined): { payment: Payment; isNew: false } | Refusal | undefined {
  if (earlier.some(({ state }) => state === "succeeded")) return refuse("order_paid");
  const open = earlier.find(({ state, channel }) => state === "unknown" || state === "created" || (state === "pending" && channel === channelCode));
  return open && { payment: open, isNew: false };
}

/** Calls the provider outside any transaction, then writes its answer. */
async function tellProvider(payments: Payments, order: Order, payment: Payment): Promise<Payment> {
  const provider = providerOf(payments, payment.provider);
  const answer: OpenAnswer = await provider
    .open({
      merchantRef: payment.merchantRef,
      channel: payment.channel,
      amount: payment.amount,
      items: order.items.map(({ sku, name, price, quantity }) => ({ sku, name, price: money(price, order.amount.currency), quantity })),
      customer: { name: order.customer.name, email: order.customer.email ?? "pelanggan@onegate.invalid", phone: order.customer.phone },
      expiresAt: payment.expiresAt ?? new Date(payments.clock.now() + USUAL_MINUTES * 60_000),
    })
    .catch((error: unknown) => ({ answer: "unknown", reason: provider.scrub(messageOf(error)) }) as const);
  const written = await inTransaction(payments.database, (tx) => writeAnswer(tx, payments, payment, answer));
  payments.poke();
  return written;
}

async function writeAnswer(tx: Tx, payments: Payments, before: Payment, answer: OpenAnswer): Promise<Payment> {
  await lockOrder(tx, before.merchantId, before.orderId);
  const payment = (await selectPayment(tx, before.merchantId, before.paymentId)) ?? before;
  const events = { opened: "open", refused: "refuse", unknown: "lose" } as const satisfies Record<OpenAnswer["answer"], PaymentEvent>;
  // A notification may have been quicker than this answer: then the state stays, and only the facts are added.
  const state = next(payment.state, events[answer.answer]) ?? payment.state;
  const written = await updatePayment(tx, payment, state, answer.answer === "opened" ? { opened: answer.opened } : { note: answer.reason });
  if (state !== payment.state) {
    await announce(tx, payment.merchantId, `payment.${state}`, payment.paymentId, { order_id: payment.orderId, state });
    if (!isOpen(state)) await payments.onEnded(tx, written);
    else if (!isOpen(payment.state)) await addJob(tx, INQUIRE, { merchantId: payment.merchantId, paymentId: payment.paymentId, tries: 0 }, { afterMs: FIRST_INQUIRY_MS, key: inquiryKey(payment.paymentId) });
  }
  return written;
}
