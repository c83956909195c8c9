import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { TestContext } from "node:test";
import { DEMO_CREDENTIAL, signatureOfCreate } from "../credential.ts";
import { startSimulator, type SimulatorOptions } from "../../index.ts";

export type Row = Record<string, unknown>;
export type Reply = {
  readonly status: number;
  readonly success: unknown;
  readonly message: unknown;
  readonly data: Row;
  readonly body: Row;
};

/** The start of a test's clock: 1 January 2026, 00:00 UTC. */
export const START_MS = 1_767_225_600_000;
export const START = START_MS / 1_000;

/** A clock that a test moves. */
export class TestClock {
  ms = START_MS;
  now(): number {
    return this.ms;
  }
}

/** A simulator with its own clock, and a shop that calls it; both end with the test. */
export async function openShop(t: TestContext, options: SimulatorOptions = {}) {
  const clock = new TestClock();
  const simulator = await startSimulator({ clock, seed: 1, ...options });
  t.after(() => simulator.close());
  const call = (method: string, path: string, body?: unknown, key = DEMO_CREDENTIAL.apiKey) =>
    ask(`${simulator.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    clock,
    simulator,
    call,
    create: (changes: Row = {}) => call("POST", "/api-sandbox/transaction/create", createBody(changes)),
    detail: async (reference: unknown) =>
      (await call("GET", `/api-sandbox/transaction/detail?reference=${String(reference)}`)).data,
    control: (method: string, path: string, body?: unknown) => call(method, `/control/${path}`, body),
    /** Moves the clock and processes what is due by then. */
    wait: async (ms: number) => {
      clock.ms += ms;
      await simulator.tick();
    },
  };
}

export async function ask(url: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(url, init);
  const body = JSON.parse(await answer.text()) as Row;
  return {
    status: answer.status,
    success: body["success"],
    message: body["message"],
    data: body["data"] as Row,
    body,
  };
}

/** A signed request for one item of Rp 12.500 by QRIS2, with changes. */
export function createBody(changes: Row = {}): Row {
  const amount = changes["amount"] ?? 12_500;
  const merchantRef = changes["merchant_ref"] ?? "INV1";
  return {
    method: "QRIS2",
    merchant_ref: merchantRef,
    amount,
    customer_name: "Sari",
    customer_email: "sari@contoh.id",
    order_items: [{ name: "Kopi susu", price: amount, quantity: 1 }],
    signature: signatureOfCreate(DEMO_CREDENTIAL, merchantRef as string, Number(amount)),
    ...changes,
  };
}

export type Call = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** Receives callbacks. Answers them with `answers` in turn, then always with success. */
export async function openInbox(
  t: TestContext,
  ...answers: ReadonlyArray<{ status: number; body: string; location?: string }>
) {
  const calls: Call[] = [];
  const remaining = [...answers];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      calls.push({ headers: request.headers, body });
      const answer = remaining.shift() ?? { status: 200, body: '{"success":true}' };
      response.writeHead(answer.status, {
        "content-type": "application/json",
        ...(answer.location ? { location: answer.location } : {}),
      });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address && typeof address === "object");
  return { url: `http://127.0.0.1:${address.port}/callback`, calls };
}
