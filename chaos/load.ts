import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, type Asked } from "./history.ts";

const CALLERS = 10;
const BATCH = 25;
const TIMEOUT_MS = 20_000;
/** A caller without a final answer pauses, as a client with a queue would. */
const PAUSE_MS = 30;

/** A steady load on the payment endpoints, with a record of all requests and answers. */
export class Load {
  readonly asked: Asked[] = [];
  /** When the last transfer was acknowledged, by `performance.now()`. */
  lastAck = performance.now();
  #longestGap = 0;
  readonly #url: string;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CALLERS + 1 });
  readonly #running: Array<Promise<void>> = [];
  /** Requests to be retried until they are settled, and not in flight now. */
  readonly #toSettle = new Set<Asked>();
  #stopped = false;

  constructor(url: string, random: () => number) {
    this.#url = url;
    this.#random = random;
  }

  /** Returns and resets the longest time between two acknowledgements, in ms. */
  takeLongestGap(): number {
    const longest = this.#longestGap;
    this.#longestGap = 0;
    return longest;
  }

  start(): void {
    for (let i = 0; i < CALLERS; i++) this.#running.push(this.#callSingly());
    this.#running.push(this.#callInBatches());
  }

  /** Stops new requests, and retries those to be settled until they are or the time is over. */
  async finish(ms: number): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    const deadline = performance.now() + ms;
    while (this.#toSettle.size > 0 && performance.now() < deadline)
      await Promise.all([...this.#toSettle].slice(0, 200).map((one) => this.#sendOne(one)));
    this.#agent.destroy();
  }

  #next(): Asked {
    const one = ask(this.#random);
    this.asked.push(one);
    return one;
  }

  async #callSingly(): Promise<void> {
    while (!this.#stopped) {
      // sometimes retries an unanswered request in between
      const [again] = this.#random() < 0.05 ? this.#toSettle : [];
      if (!(await this.#sendOne(again ?? this.#next()))) await sleep(PAUSE_MS);
    }
  }

  async #callInBatches(): Promise<void> {
    while (!this.#stopped) {
      const batch = Array.from({ length: BATCH }, () => this.#next());
      const answer = await this.#post("/api/v1/transfers:batch", { transfers: batch.map(toBody) });
      if (answer?.status !== 200) {
        for (const one of batch) this.#hear(one, "open");
        await sleep(PAUSE_MS);
        continue;
      }
      const { results } = JSON.parse(answer.body) as {
        results: Array<{ status: string; problem?: { retry: string } }>;
      };
      batch.forEach((one, i) => {
        const result = results[i];
        one.lastWords = JSON.stringify(result);
        this.#hear(
          one,
          result?.status === "SUCCESS" ? "acked" : result?.problem?.retry === "no" ? "refused" : "open",
        );
      });
    }
  }

  /**
   * Whether there was an answer that settles the request. An id is sent by one caller at a time: if the
   * answers "insufficient funds" and then "done" crossed, the refusal would look broken.
   */
  async #sendOne(one: Asked): Promise<boolean> {
    this.#toSettle.delete(one);
    const answer = await this.#post("/payments", toBody(one));
    one.lastWords = answer ? `${answer.status} ${answer.body}` : "nothing";
    const heard =
      answer === undefined || answer.status >= 500 || answer.status === 409
        ? "open"
        : answer.status < 300
          ? "acked"
          : "refused";
    this.#hear(one, heard);
    return heard !== "open";
  }

  #hear(one: Asked, heard: Asked["heard"]): void {
    if (heard === "acked") {
      const now = performance.now();
      this.#longestGap = Math.max(this.#longestGap, now - this.lastAck);
      this.lastAck = now;
    }
    one.heard = heard;
    if (heard === "open" && one.retried) this.#toSettle.add(one);
  }

  #post(path: string, body: unknown): Promise<{ status: number; body: string } | undefined> {
    const text = JSON.stringify(body);
    return new Promise((resolve) => {
      const outgoing = request(
        `${this.#url}${path}`,
        {
          agent: this.#agent,
          method: "POST",
          timeout: TIMEOUT_MS,
          headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
        },
        (incoming) => {
          let received = "";
          incoming
            .setEncoding("utf8")
            .on("data", (chunk: string) => (received += chunk))
            .on("end", () => resolve({ status: incoming.statusCode ?? 0, body: received }))
            .on("error", () => resolve(undefined));
        },
      );
      outgoing
        .on("timeout", () => outgoing.destroy())
        .on("error", () => resolve(undefined))
        .end(text);
    });
  }
}

function toBody({ id, amount, source, destination }: Asked) {
  return { id, currency: "IDR", amount, source_account: source, destination_account: destination };
}
