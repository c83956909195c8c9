export { applyState } from "./apply.ts";
export { inquireOfProviders } from "./poll-inquiries.ts";
export { cancelOrder, giveUpOrder, VOID, voidPayment } from "./cancel.ts";
export { selectDisputedOrders as disputedOrders } from "./dispute-store.ts";
export { disputeLifecycle, nextDispute, type Dispute, type DisputeState } from "./dispute.ts";
export { disputeRoutes } from "./dispute-routes.ts";
export { listChannels } from "./channels.ts";
export { collectCash } from "./collect-cash.ts";
export { collectStatic } from "./collect-static.ts";
export { type Payments } from "./context.ts";
export {
  continueRefund,
  decideRefund,
  refundOrder,
  lockRefundable,
  REFUND,
  refundPayment,
  selectRefundable,
  sweepRefunds,
  sendRefund,
  type Refundable,
} from "./give-back.ts";
export { inquirePayment } from "./inquire.ts";
export { receiveNotification } from "./notify.ts";
export { openPayment, openReplacement } from "./open.ts";
export { operatorRoutes } from "./operator-routes.ts";
export { type NewOrder, type Order } from "./order.ts";
export {
  isOpen,
  lifecycle,
  next,
  paidSum,
  type Payment,
  type PaymentEvent,
  type PaymentState,
  type Verification,
} from "./payment.ts";
export { placeOrder, saveOrder } from "./place-order.ts";
export { REOPEN } from "./plan.ts";
export { nextRefund, refundLifecycle, type Refund, type RefundState } from "./refund.ts";
export {
  selectDoneRefunds as refundsDoneOf,
  selectRefundsOfReturns as refundsOfReturns,
} from "./refund-store.ts";
export { applyCase, refundCase } from "./settle-case.ts";
export { routingRoutes } from "./routing-routes.ts";
export { paymentRoutes } from "./routes.ts";
export {
  countOpenCases,
  eraseCustomer,
  selectBreaches as paymentBreaches,
  selectPayment,
  selectPaymentByMerchantRef,
  selectPayments as paymentsOf,
  selectPaymentsOfOrders as paymentsOfOrders,
  visibleTo,
} from "./store.ts";
export { losePayment, markVerified, verifyPayment } from "./verify.ts";
