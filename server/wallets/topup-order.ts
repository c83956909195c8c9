import { isId, type Id } from "@onegate/contract";

const PREFIX = "TOPUP-";

/** The id of the order that pays for a top-up. */
export function topupOrderId(operationId: Id): string {
  return `${PREFIX}${operationId}`;
}

/** The id of the top-up that an order pays for; undefined for any other order. */
export function topupOf(orderId: string | null): Id | undefined {
  const rest = orderId?.startsWith(PREFIX) ? orderId.slice(PREFIX.length) : undefined;
  return isId(rest) ? rest : undefined;
}
