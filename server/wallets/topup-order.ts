import { isId, type Id } from "@onegate/contract";

const PREFIX = "TOPUP-";

/** The order that a top-up is paid by. */
export function topupOrderId(operationId: Id): string {
  return `${PREFIX}${operationId}`;
}

/** The top-up behind an order, if it is one's. */
export function topupOf(orderId: string | null): Id | undefined {
  const rest = orderId?.startsWith(PREFIX) ? orderId.slice(PREFIX.length) : undefined;
  return isId(rest) ? rest : undefined;
}
