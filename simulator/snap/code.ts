import type { Answer } from "../answer.ts";

/** Services of the standard with their numbers and paths. */
export const services = {
  token: { number: "73", path: "/v1.0/access-token/b2b" },
  generate: { number: "47", path: "/v1.0/qr/qr-mpm-generate" },
  query: { number: "51", path: "/v1.0/qr/qr-mpm-query" },
  notify: { number: "52", path: "/v1.0/qr/qr-mpm-notify" },
  cancel: { number: "77", path: "/v1.0/qr/qr-mpm-cancel" },
  refund: { number: "78", path: "/v1.0/qr/qr-mpm-refund" },
} as const;

export type Service = (typeof services)[keyof typeof services];

/** Status, case and sentence of every refusal. */
const refusals = {
  bad_request: [400, "00", "Bad Request"],
  field_invalid: [400, "01", "Invalid Field Format"],
  field_missing: [400, "02", "Invalid Mandatory Field"],
  unauthorized: [401, "00", "Unauthorized."],
  token_invalid: [401, "01", "Invalid Token (B2B)"],
  limit_exceeded: [403, "02", "Exceeds Transaction Amount Limit"],
  funds_insufficient: [403, "14", "Insufficient Funds"],
  status_invalid: [404, "00", "Invalid Transaction Status"],
  not_found: [404, "01", "Transaction Not Found"],
  merchant_invalid: [404, "08", "Invalid Merchant"],
  amount_invalid: [404, "13", "Invalid Amount"],
  inconsistent: [404, "18", "Inconsistent Request"],
  external_id_used: [409, "00", "Conflict"],
  reference_used: [409, "01", "Duplicate partnerReferenceNo"],
  general_error: [500, "00", "General Error"],
} as const satisfies Record<string, readonly [status: number, kase: string, message: string]>;

export type No = keyof typeof refusals;

/** A refusal; `what` names the field or the reason. */
export function no(service: Service, which: No, what = ""): Answer {
  const [status, kase, message] = refusals[which];
  return {
    status,
    body: { responseCode: `${status}${service.number}${kase}`, responseMessage: `${message} ${what}`.trim() },
  };
}

export function yes(service: Service, fields: Readonly<Record<string, unknown>>): Answer {
  return {
    status: 200,
    body: { responseCode: `200${service.number}00`, responseMessage: "Successful", ...fields },
  };
}
