import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export type Reply = { readonly status: number; readonly body: string };

/** Sends JSON over keep-alive connections. */
export function createSender(
  base: string,
  connections: number,
): {
  send(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  close(): void;
} {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(base);
  return {
    send: (path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          {
            agent,
            hostname,
            port,
            path,
            method: "POST",
            headers: {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
              ...headers,
            },
          },
          (incoming) => {
            let text = "";
            incoming
              .setEncoding("utf8")
              .on("data", (chunk: string) => (text += chunk))
              .on("end", () => resolve({ status: incoming.statusCode ?? 0, body: text }))
              .on("error", reject);
          },
        );
        outgoing.on("error", reject);
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/**
 * Starts `perSecond` requests a second, whether or not earlier ones are done. Latencies, in ms, count from
 * the moment each request was due.
 */
export async function openLoop(
  perSecond: number,
  count: number,
  send: (n: number) => Promise<unknown>,
): Promise<number[]> {
  const latencies: number[] = [];
  const running: Array<Promise<void>> = [];
  const begun = performance.now();
  for (let n = 0; n < count; n++) {
    const due = begun + (n * 1000) / perSecond;
    // a timer may be a millisecond late, on both sides of a comparison; a busy wait would cost a core
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    running.push(send(n).then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(running);
  return latencies.sort((a, b) => a - b);
}

/** Keeps `callers` requests in flight until `count` are done; returns the requests a second. */
export async function closedLoop(
  callers: number,
  count: number,
  send: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await send(next++);
    }),
  );
  return count / ((performance.now() - begun) / 1000);
}

/** A percentile of sorted latencies, rounded to hundredths of a millisecond. */
export function percentile(sorted: readonly number[], part: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 100) / 100;
}
