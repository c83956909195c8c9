import type { RefundAnswer, RefundRequest } from "../server/providers/index.ts";

/** How the provider answers the next refund request. */
export const refundMoods = [
  "answers",
  "loses the answer",
  "loses the request",
  "refuses",
  "takes its time",
  "does it late",
  "stalls before",
  "stalls after",
  "is asked again before it answers",
] as const;
export type RefundMood = (typeof refundMoods)[number];

/** What the provider really refunded, or refused, under one of our references. Amounts are in minor units. */
export type Given = {
  readonly refundRef: string;
  readonly reference: string;
  readonly minor: bigint;
  readonly at: number;
  state: "pending" | "done" | "refused";
};

const LATE_MS = 10_000;
const SLOW_MS = 240_000;

/**
 * The refund desk of the simulation's provider. It knows a refund by our reference and makes it once. It does
 * not check the total; the auditor does.
 */
export class RefundDesk {
  readonly given = new Map<string, Given>();
  /** Its next behaviour; the code that sets it also resets it. */
  mood: RefundMood = "answers";
  inquireMood: "answers" | "unknown" = "answers";
  /** Runs after the desk acts and before it answers. */
  meanwhile: () => Promise<void> = async () => undefined;
  /** Called when it stalls: the caller never gets an answer. */
  onStall: () => void = () => undefined;
  readonly #now: () => number;
  /** The provider's own reference of what was paid; undefined when it was not paid. */
  readonly #paid: (reference: string | null, merchantRef: string) => string | undefined;
  #late: Array<{ at: number; request: RefundRequest }> = [];

  constructor(
    now: () => number,
    paid: (reference: string | null, merchantRef: string) => string | undefined,
  ) {
    this.#now = now;
    this.#paid = paid;
  }

  async refund(request: RefundRequest): Promise<RefundAnswer> {
    switch (this.mood) {
      case "answers":
        return toAnswer(this.#take(request, "done"));
      case "is asked again before it answers": {
        const given = this.#take(request, "done");
        await this.meanwhile();
        return toAnswer(given);
      }
      case "loses the answer":
        this.#take(request, "done");
        throw new Error("socket hang up");
      case "loses the request":
        return { answer: "unknown", reason: "timeout" };
      case "refuses":
        return toAnswer(this.#take(request, "refused"));
      case "takes its time":
        return toAnswer(this.#take(request, "pending"));
      case "does it late":
        this.#late.push({ at: this.#now() + LATE_MS, request });
        return { answer: "unknown", reason: "timeout" };
      case "stalls after":
        this.#take(request, "done");
        return this.#stall();
      case "stalls before":
        return this.#stall();
    }
  }

  async inquire(request: RefundRequest): Promise<RefundAnswer> {
    if (this.inquireMood === "unknown" || this.isLate(request.refundRef))
      return { answer: "unknown", reason: "timeout" };
    // an unknown refund is refused for good, because the caller may request it again after this answer
    return toAnswer(this.#take(request, "refused"));
  }

  /** Whether a request is still in flight. */
  isLate(refundRef: string): boolean {
    return this.#late.some(({ request }) => request.refundRef === refundRef);
  }

  /** Does what is due by now. */
  tick(): void {
    const due = this.#late.filter(({ at }) => at <= this.#now());
    this.#late = this.#late.filter(({ at }) => at > this.#now());
    for (const { request } of due) this.#take(request, "done");
    for (const given of this.given.values())
      if (given.state === "pending" && given.at + SLOW_MS <= this.#now()) given.state = "done";
  }

  #take({ reference, merchantRef, refundRef, amount }: RefundRequest, state: Given["state"]): Given {
    const known = this.given.get(refundRef);
    if (known) return known;
    const paid = this.#paid(reference, merchantRef);
    const given: Given = {
      refundRef,
      reference: paid ?? "",
      minor: amount.minor,
      at: this.#now(),
      state: paid === undefined ? "refused" : state,
    };
    this.given.set(refundRef, given);
    return given;
  }

  #stall(): Promise<never> {
    this.onStall();
    return new Promise(() => undefined);
  }
}

function toAnswer({ refundRef, state }: Given): RefundAnswer {
  if (state === "pending") return { answer: "pending" };
  return state === "done"
    ? { answer: "refunded", reference: `BACK-${refundRef.slice(-8)}` }
    : { answer: "refused", reason: "not given back" };
}
