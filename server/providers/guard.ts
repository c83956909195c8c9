import {
  ConsecutiveBreaker,
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  handleWhenResult,
} from "cockatiel";
import { UNREACHABLE, type OpenAnswer, type Provider } from "./provider.ts";

/** So many failures in a row, and a provider is left alone; after the pause one call tries it. */
const FAILURES = 5;
const PAUSE_MS = 10_000;

/**
 * Watches a provider's answers: one that fails time after time is not asked to open payments for a while, so that no payer
 * waits for it and another provider may be chosen. What is turned away here was never sent. Inquiries always pass: they are
 * how a lost answer is found, and they tell when it is well again.
 */
export function guarded(provider: Provider): Provider {
  const breaker = circuitBreaker(handleWhenResult(isFailure), {
    halfOpenAfter: PAUSE_MS,
    breaker: new ConsecutiveBreaker(FAILURES),
  });
  return {
    ...provider,
    // what is read at each call stays so
    get acknowledgement() {
      return provider.acknowledgement;
    },
    open: (request, signal) =>
      breaker
        .execute(() => provider.open(request, signal))
        .catch((error: unknown): OpenAnswer => {
          if (error instanceof BrokenCircuitError) return { answer: "refused", reason: UNREACHABLE };
          throw error;
        }),
    isWell: () => breaker.state !== CircuitState.Open && breaker.state !== CircuitState.Isolated,
  };
}

/** No answer, or none that says anything. An explicit no is an answer of somebody who is well. */
function isFailure(result: unknown): boolean {
  const answer = result as OpenAnswer;
  return answer.answer === "unknown" || (answer.answer === "refused" && answer.reason === UNREACHABLE);
}
