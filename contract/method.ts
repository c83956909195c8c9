import { refuse, type Refusal } from "./refusal.ts";

/**
 * The payment method, from either spelling of the field. Refuses `request_invalid` if it is missing, or if
 * the two differ.
 */
export function checkedToMethod({
  method,
  payment_method: other,
}: {
  readonly method?: string;
  readonly payment_method?: string;
}): string | Refusal {
  if (method === undefined && other === undefined)
    return refuse("request_invalid", { field: "body", problem: "must have required property 'method'" });
  if (method !== undefined && other !== undefined && method !== other)
    return refuse("request_invalid", { field: "body/payment_method", problem: "is not the method" });
  return method ?? other ?? "";
}
