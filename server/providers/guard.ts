import {
  ConsecutiveBreaker,
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  handleWhenResult,
} from "cockatiel";
import { UNREACHABLE, type OpenAnswer, type Provider } from "./provider.ts";

/** After this many consecutive failures the circuit opens; after the pause one call tests it. */
const FAILURES = 5;
const PAUSE_MS = 10_000;

/**
 * Wraps a provider in a circuit breaker. After consecutive failures, no payments are opened there for a
 * while, so that payers don't wait and another provider may be chosen. A request rejected here was never
 * sent. Inquiries always pass, because they are how a lost answer is found.
 */
export function guarded(provider: Provider): Provider {
  const breaker = circuitBreaker(handleWhenResult(isFailure), {
    halfOpenAfter: PAUSE_MS,
    breaker: new ConsecutiveBreaker(FAILURES),
  });
  return {
    ...provider,
    // a getter, because the provider may compute it at each access
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

/** No answer or an unclear one. An explicit refusal shows that the provider works. */
function isFailure(result: unknown): boolean {
  const answer = result as OpenAnswer;
  return answer.answer === "unknown" || (answer.answer === "refused" && answer.reason === UNREACHABLE);
}
