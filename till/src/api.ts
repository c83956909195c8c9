import type { CatalogueBody, EnrolledBody, Id, NewSaleBody, Problem, SaleBody, SessionBody, ShopBody, TodayBody } from "@onegate/contract";
import { deviceToken, keepDevice, keptDevice } from "./device.ts";

/** The server said no, and said why. */
export class Refused extends Error {
  readonly problem: Problem;
  readonly retryAfterSeconds: number;

  constructor(problem: Problem, retryAfterSeconds: number) {
    super(problem.title);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer that can be understood: it may or may not have happened. */
export class Silent extends Error {}

/** Whether asking again, unchanged, is the way to learn what happened. */
export function isUndecided(error: unknown): boolean {
  return error instanceof Silent || (error instanceof Refused && ["internal", "overloaded", "unavailable"].includes(error.problem.code));
}

const PATIENCE_MS = 15_000;

type Request = {
  readonly token?: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly device?: string | null;
  /** A second person's yes to this one request. */
  readonly approval?: Id;
};

/** Asks the server; a path that doesn't begin with `/api/` is the till's own. */
export async function call(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, { token, body, key, approval, device = keptDevice() }: Request = {}): Promise<unknown> {
  const headers = new Headers({ Accept: "application/json" });
  if (device !== null) headers.set("Onegate-Device", device);
  if (approval !== undefined) headers.set("Onegate-Approval", approval);
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  if (key !== undefined) headers.set("Idempotency-Key", key);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  try {
    const answer = await fetch(path.startsWith("/api/") ? path : `/api/v1/till${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 204) return undefined;
    if (answer.ok && answer.headers.get("Content-Type") === "application/x-ndjson") return await answer.blob();
    const content: unknown = await answer.json();
    if (answer.ok) return content;
    if (isProblem(content)) throw new Refused(content, Number(answer.headers.get("Retry-After") ?? "0") || 0);
    throw new Silent(`status ${answer.status}`);
  } catch (error) {
    if (error instanceof Refused || error instanceof Silent) throw error;
    throw new Silent("no answer", { cause: error });
  }
}

function isProblem(unchecked: unknown): unchecked is Problem {
  return typeof unchecked === "object" && unchecked !== null && "code" in unchecked && "detail" in unchecked;
}

export const api = {
  shop: async (): Promise<ShopBody> => {
    try {
      return (await call("GET", "/shop")) as ShopBody;
    } catch (error) {
      // the server's data are others than those that this till was enrolled in
      if (!(error instanceof Refused && error.problem.code === "device_unknown") || keptDevice() === null) throw error;
      keepDevice(null);
      return (await call("GET", "/shop")) as ShopBody;
    }
  },
  enrol: (code?: string) => call("POST", "/devices", { body: code === undefined ? {} : { code }, device: null }) as Promise<EnrolledBody>,
  unlock: async (staffId: Id, pin: string) => call("POST", "/unlock", { body: { staff_id: staffId, pin }, device: await deviceToken(api.enrol) }) as Promise<SessionBody>,
  lock: (token: string) => call("POST", "/lock", { token }),
  catalogue: (token: string) => call("GET", "/catalogue", { token }) as Promise<CatalogueBody>,
  sell: (token: string, sale: NewSaleBody) => call("POST", "/sales", { token, body: sale, key: sale.id }) as Promise<SaleBody>,
  sale: (token: string, id: Id) => call("GET", `/sales/${id}`, { token }) as Promise<SaleBody>,
  sales: async (token: string) => ((await call("GET", "/sales?limit=20", { token })) as { sales: SaleBody[] }).sales,
  cancel: (token: string, id: Id) => call("POST", `/sales/${id}/cancel`, { token, key: `cancel-${id}` }) as Promise<SaleBody>,
  confirmStatic: (token: string, id: Id, reference: string) =>
    call("POST", `/sales/${id}/static-qris`, { token, body: reference === "" ? {} : { reference }, key: `static-${id}-${encodeURIComponent(reference)}` }) as Promise<SaleBody>,
  today: (token: string) => call("GET", "/reports/today", { token }) as Promise<TodayBody>,
};
