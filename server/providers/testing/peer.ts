import assert from "node:assert/strict";
import { createServer } from "node:http";
import { startSimulator, type RunningSimulator } from "../../../simulator/index.ts";
import type { CallFault, Ending } from "../conformance.ts";
import type { RawNotification } from "../provider.ts";
import type { Money } from "@onegate/contract";

/** How long an adapter under test waits: less than the simulator's slow answer takes. */
export const TIMEOUT_MS = 800;
const SLOWER_MS = 2_500;

const FAULTS = {
  answer_lost: "answer_lost",
  answer_slow: "answer_slow",
  error_not_done: "error_500",
  error_done: "error_500_done",
  page_instead: "html_403",
} as const satisfies Record<CallFault, string>;
const ACTS = { paid: "pay", expired: "expire", failed: "fail", refunded: "refund" } as const satisfies Record<
  Ending,
  string
>;

/** Controls a simulator for the conformance suite. */
export function leversOf(simulator: RunningSimulator) {
  const control = async (method: string, path: string, body: unknown = {}) => {
    const answer = await fetch(`${simulator.url}/control/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${await answer.text()}`);
  };
  const plan = (call: "create" | "read" | "cancel" | "refund") => (fault: CallFault) =>
    control("POST", "next", { call, fault: FAULTS[fault], ms: SLOWER_MS });
  return {
    planOpen: plan("create"),
    planInquiry: plan("read"),
    planCancel: plan("cancel"),
    planRefund: plan("refund"),
    planNotifications: (fault: "forged" | "altered" | "none") =>
      control("PUT", "faults", { forged: fault === "forged", altered: fault === "altered" }),
    settle: (reference: string, as: Ending, amount?: Money) =>
      control(
        "POST",
        `transactions/${reference}/${ACTS[as]}`,
        amount ? { amount: Number(amount.minor / 100n) } : {},
      ),
  };
}

/** A URL where no server listens. */
export async function deadUrl(): Promise<string> {
  const closed = await startSimulator();
  await closed.close();
  return closed.url;
}

/** A server that accepts every notification and keeps those that `isWanted` selects. */
export async function startInbox(isWanted: (notification: RawNotification) => boolean = () => true) {
  const arrived: RawNotification[] = [];
  const waiting: Array<(notification: RawNotification) => void> = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const notification = { headers: request.headers, body: Buffer.concat(chunks) };
      if (isWanted(notification)) {
        const resolve = waiting.shift();
        if (resolve) resolve(notification);
        else arrived.push(notification);
      }
      response.setHeader("content-type", "application/json").end('{"success":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address && typeof address === "object");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    next: (): Promise<RawNotification> => {
      const first = arrived.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
