import { alterDigit } from "../delivery.ts";
import type { Provider } from "../provider.ts";
import { sign, type Credential } from "./credential.ts";
import { tripayRoutes } from "./routes.ts";
import { callbackBody } from "./rows.ts";

export { DEMO_CREDENTIAL, type Credential } from "./credential.ts";

/** The merchants' settings at Tripay. */
export type Account = {
  readonly credentials: readonly Credential[];
  /** Who bears the fee. */
  readonly feePayer: "merchant" | "customer";
  /** Where callbacks go when a transaction names no URL. */
  readonly callbackUrl: string | null;
};

/** "Callback": retried after two minutes, at most three times. */
const RETRY_MS = 120_000;
const MAX_ATTEMPTS = 4;
const USER_AGENT = "TriPay Payment/1.0 (+https://tripay.co.id/developer?tab=callback)";

/** Tripay's closed payment, under both of its base URLs. */
export function playTripay(account: Account): Provider {
  return {
    name: "tripay",
    refundsParts: false,

    async mount(server, world) {
      for (const prefix of ["/api-sandbox", "/api"])
        await server.register(tripayRoutes(world, account), { prefix });
    },

    letters(_, transaction, faults) {
      const { status, callbackUrl, merchantCode } = transaction;
      const credential = account.credentials.find((each) => each.merchantCode === merchantCode);
      if (status === "UNPAID" || callbackUrl === null || !credential) return [];
      const body = JSON.stringify(callbackBody(transaction));
      const signature = sign(faults.forged ? `${credential.privateKey}-forged` : credential.privateKey, body);
      const headers = {
        "user-agent": USER_AGENT,
        "x-callback-event": "payment_status",
        "x-callback-signature": signature,
      };
      return [
        { url: callbackUrl, headers, body: faults.altered ? alterDigit(body, /"total_amount":/) : body },
      ];
    },

    // only JSON `{"success": true}` with a 2xx status is a success; a redirect is a failure
    carrying: {
      accepts: (status, body) => status >= 200 && status < 300 && saysSuccess(body),
      retryMs: (attempts) => (attempts < MAX_ATTEMPTS ? RETRY_MS : undefined),
      patienceMs: 10_000,
      redirects: 0,
    },
  };
}

function saysSuccess(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "success" in answer && answer.success === true;
  } catch {
    return false;
  }
}
