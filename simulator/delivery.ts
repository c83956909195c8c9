import { sign } from "./credential.ts";
import type { CallbackFaults } from "./faults.ts";

export type Attempt = { readonly at: number; readonly outcome: string };

/** One callback on its way: what is sent, and how the attempts went. Times in milliseconds. */
export type Delivery = {
  readonly id: string;
  readonly reference: string;
  readonly event: string;
  readonly url: string;
  /** The bytes that are sent, as text. */
  readonly body: string;
  readonly signature: string;
  readonly state: "waiting" | "delivered" | "given_up" | "suppressed";
  readonly dueAt: number;
  readonly attempts: readonly Attempt[];
};

/** "Callback": resent after two minutes, at most three times. */
export const RETRY_MS = 120_000;
const MOST_RESENDS = 3;
const USER_AGENT = "TriPay Payment/1.0 (+https://tripay.co.id/developer?tab=callback)";
const ANSWER_TIMEOUT_MS = 10_000;

/** Signs a body, then spoils it or the signature as the faults say. */
export function seal(body: string, privateKey: string, faults: CallbackFaults): { body: string; signature: string } {
  const signature = sign(faults.forged ? `${privateKey}-forged` : privateKey, body);
  return { body: faults.altered ? alterAmount(body) : body, signature };
}

/** Changes one byte, the first digit of the amount, so that the body still reads as JSON. */
function alterAmount(body: string): string {
  return body.replace(/("total_amount":)(\d)/, (_, name: string, digit: string) => `${name}${digit === "9" ? 1 : Number(digit) + 1}`);
}

/** The delivery after an attempt: done, due again, or given up. */
export function afterAttempt(delivery: Delivery, attempt: Attempt, accepted: boolean, retryMs: number): Delivery {
  const attempts = [...delivery.attempts, attempt];
  if (accepted) return { ...delivery, attempts, state: "delivered" };
  if (attempts.length > MOST_RESENDS) return { ...delivery, attempts, state: "given_up" };
  return { ...delivery, attempts, dueAt: attempt.at + retryMs };
}

/** Posts once. Only JSON `{"success": true}` with a 2xx status is a yes; a redirect is not followed and is a no. */
export async function post(delivery: Delivery, signal: AbortSignal): Promise<{ accepted: boolean; outcome: string }> {
  try {
    const answer = await fetch(delivery.url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "x-callback-event": delivery.event,
        "x-callback-signature": delivery.signature,
      },
      body: delivery.body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    const accepted = answer.ok && saysSuccess(await answer.text());
    return { accepted, outcome: `${answer.status} ${accepted ? "success" : "not a success"}` };
  } catch (error) {
    return { accepted: false, outcome: error instanceof Error ? error.name : "unreachable" };
  }
}

function saysSuccess(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "success" in answer && answer.success === true;
  } catch {
    return false;
  }
}
