import type {
  CatalogueBody,
  EnrolledBody,
  Id,
  NewSaleBody,
  OwnPinDoneBody,
  Problem,
  SaleBody,
  SessionBody,
  SetupBody,
  SetupDoneBody,
  SetupStateBody,
  ShopBody,
  TodayBody,
} from "@onegate/contract";
import { learnClock } from "./clock.ts";
import { device, revoked } from "./device.ts";

/** The server refused the request and gave a reason. */
export class Refused extends Error {
  readonly problem: Problem;
  readonly retryAfterSeconds: number;

  constructor(problem: Problem, retryAfterSeconds: number) {
    super(problem.title);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No readable answer arrived: the request may or may not have taken effect. */
export class Silent extends Error {}

/** Whether the outcome is unknown, so that the same request should be retried. */
export function isOutcomeUnknown(error: unknown): boolean {
  return (
    error instanceof Silent ||
    (error instanceof Refused &&
      ["internal", "overloaded", "storage_full", "unavailable", "idempotency_key_in_flight"].includes(
        error.problem.code,
      ))
  );
}

const TIMEOUT_MS = 15_000;
/** Creating a shop with all its products takes longer. */
const SETUP_TIMEOUT_MS = 60_000;

type Request = {
  readonly token?: string;
  readonly body?: unknown;
  readonly key?: string;
  /** A second person's approval of this one request. */
  readonly approval?: Id;
  readonly setupCode?: string;
  readonly timeoutMs?: number;
};

/** Headers that identify the caller: always the device, and the person if there is a session. */
export function credentials(token?: string): Headers {
  const headers = new Headers();
  const known = device.get();
  if (known) headers.set("Onegate-Device", known.token);
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  return headers;
}

/** Builds a refusal. If it says that this device is revoked, the till is marked as revoked at once. */
export function refused(problem: Problem, retryAfterSeconds = 0): Refused {
  if (problem.code === "device_revoked" && device.get()) revoked.set(true);
  return new Refused(problem, retryAfterSeconds);
}

/** Sends a request to the server; `path` is relative to `/api/v1`. */
export async function call(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  { token, body, key, approval, setupCode, timeoutMs = TIMEOUT_MS }: Request = {},
): Promise<unknown> {
  const headers = credentials(token);
  headers.set("Accept", "application/json");
  if (key !== undefined) headers.set("Idempotency-Key", key);
  if (approval !== undefined) headers.set("Onegate-Approval", approval);
  if (setupCode !== undefined) headers.set("Onegate-Setup-Code", setupCode);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const sent = Date.now();
  try {
    const answer = await fetch(`/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    learnClock({ sent, received: Date.now(), date: answer.headers.get("Date") });
    if (answer.status === 204) return undefined;
    if (answer.ok && answer.headers.get("Content-Type") === "application/x-ndjson")
      return await answer.blob();
    const content: unknown = await answer.json();
    if (answer.ok) return content;
    if (isProblem(content)) throw refused(content, Number(answer.headers.get("Retry-After") ?? "0") || 0);
    throw new Silent(`status ${answer.status}`);
  } catch (error) {
    if (error instanceof Refused || error instanceof Silent) throw error;
    throw new Silent("no answer", { cause: error });
  }
}

export function isProblem(unchecked: unknown): unchecked is Problem {
  return typeof unchecked === "object" && unchecked !== null && "code" in unchecked && "detail" in unchecked;
}

export const api = {
  shop: () => call("GET", "/till/shop") as Promise<ShopBody>,
  /** Without a code, only the demo shop of a sandbox enrols a till. */
  enrol: (code?: string) =>
    call("POST", "/till/devices", { body: code === undefined ? {} : { code } }) as Promise<EnrolledBody>,
  unlock: (staffId: Id, pin: string, timeoutMs?: number) =>
    call("POST", "/till/unlock", {
      body: { staff_id: staffId, pin },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }) as Promise<SessionBody>,
  changePin: (token: string, pin: string, newPin: string) =>
    call("PUT", "/staff/me/pin", { token, body: { pin, new_pin: newPin } }) as Promise<OwnPinDoneBody>,
  lock: (token: string) => call("POST", "/till/lock", { token }),
  catalogue: (token: string) => call("GET", "/till/catalogue", { token }) as Promise<CatalogueBody>,
  sell: (token: string, sale: NewSaleBody) =>
    call("POST", "/till/sales", { token, body: sale, key: sale.id }) as Promise<SaleBody>,
  sale: (token: string, id: Id) => call("GET", `/till/sales/${id}`, { token }) as Promise<SaleBody>,
  sales: async (token: string) =>
    ((await call("GET", "/till/sales?limit=20", { token })) as { sales: SaleBody[] }).sales,
  cancel: (token: string, id: Id) =>
    call("POST", `/till/sales/${id}/cancel`, { token, key: `cancel-${id}` }) as Promise<SaleBody>,
  confirmStatic: (token: string, id: Id, reference: string) =>
    call("POST", `/till/sales/${id}/static-qris`, {
      token,
      body: reference === "" ? {} : { reference },
      key: `static-${id}-${encodeURIComponent(reference)}`,
    }) as Promise<SaleBody>,
  today: (token: string) => call("GET", "/till/reports/today", { token }) as Promise<TodayBody>,
  recover: (code: string, pin: string) =>
    call("POST", "/till/owner-recovery", { body: { code, pin } }) as Promise<SetupDoneBody>,
  setupState: () => call("GET", "/setup") as Promise<SetupStateBody>,
  setUp: (shop: SetupBody, key: string, code?: string) =>
    call("POST", "/setup", {
      body: shop,
      key,
      timeoutMs: SETUP_TIMEOUT_MS,
      ...(code === undefined ? {} : { setupCode: code }),
    }) as Promise<SetupDoneBody>,
};
