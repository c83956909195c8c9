import type { Carrying } from "./provider.ts";

export type Attempt = { readonly at: number; readonly outcome: string };

/** One callback: its content, and the results of its attempts. Times in milliseconds. */
export type Delivery = {
  readonly id: string;
  readonly provider: string;
  /** The reference of its transaction. */
  readonly reference: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent unchanged. */
  readonly body: string;
  readonly state: "waiting" | "delivered" | "given_up" | "suppressed";
  readonly dueAt: number;
  readonly attempts: readonly Attempt[];
};

/** The result of an attempt; `status` is undefined without an answer. */
export type Answered = {
  readonly accepted: boolean;
  readonly status: number | undefined;
  readonly outcome: string;
};

/** Changes the first digit after a mark, so that the body is still valid JSON, with another amount. */
export function alterDigit(body: string, mark: RegExp): string {
  return body.replace(
    new RegExp(`(${mark.source})(\\d)`),
    (_, before: string, digit: string) => `${before}${digit === "9" ? 1 : Number(digit) + 1}`,
  );
}

/** The delivery after an attempt: delivered, due again after `retryMs`, or given up without it. */
export function afterAttempt(
  delivery: Delivery,
  attempt: Attempt,
  accepted: boolean,
  retryMs: number | undefined,
): Delivery {
  const attempts = [...delivery.attempts, attempt];
  if (accepted) return { ...delivery, attempts, state: "delivered" };
  if (retryMs === undefined) return { ...delivery, attempts, state: "given_up" };
  return { ...delivery, attempts, dueAt: attempt.at + retryMs };
}

/** Posts once, and follows as many redirects as the provider does. */
export async function post(
  { url, headers, body }: Delivery,
  carrying: Carrying,
  signal: AbortSignal,
): Promise<Answered> {
  const aborted = AbortSignal.any([signal, AbortSignal.timeout(carrying.patienceMs)]);
  try {
    let target = url;
    for (let followed = 0; ; followed++) {
      const answer = await fetch(target, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/json", ...headers },
        body,
        signal: aborted,
      });
      const next = answer.headers.get("location");
      if (
        (answer.status === 307 || answer.status === 308) &&
        next !== null &&
        URL.canParse(next, target) &&
        followed < carrying.redirects
      ) {
        target = new URL(next, target).href;
        continue;
      }
      const accepted = carrying.accepts(answer.status, await answer.text());
      return {
        accepted,
        status: answer.status,
        outcome: `${answer.status} ${accepted ? "success" : "not a success"}`,
      };
    }
  } catch (error) {
    return {
      accepted: false,
      status: undefined,
      outcome: error instanceof Error ? error.name : "unreachable",
    };
  }
}
