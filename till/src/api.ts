import type { CatalogueBody, Id, NewSaleBody, Problem, SaleBody, SessionBody, ShopBody, TodayBody } from "@onegate/contract";

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

type Request = { readonly token?: string; readonly body?: unknown; readonly key?: string; /** A second person's yes to this one request. */ readonly approval?: Id };

/** Asks the server; a path that doesn't begin with `/api/` is the till's own. */
export async function call(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, { token, body, key, approval }: Request = {}): Promise<unknown> {
  const headers = new Headers({ Accept: "application/json" });
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
  shop: () => call("GET", "/shop") as Promise<ShopBody>,
  unlock: (staffId: Id, pin: string) => call("POST", "/unlock", { body: { staff_id: staffId, pin } }) as Promise<SessionBody>,
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
