import { alterDigit } from "../delivery.ts";
import type { Provider } from "../provider.ts";
import { digits } from "../random.ts";
import type { Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import { demoAccount, newKeyPair, type KeyPair, type SnapAccount } from "./account.ts";
import { services } from "./code.ts";
import { Gate } from "./gate.ts";
import { snapRoutes } from "./routes.ts";
import { isTold, notifyRow } from "./rows.ts";
import { hmacOf, rsaOf, stamp, textOf } from "./signature.ts";

export { newKeyPair, type SnapAccount } from "./account.ts";

/** Not documented; shorter than the time for which a signature is fresh. */
const RETRY_MS = 60_000;
const MAX_ATTEMPTS = 4;

/** A bank with the SNAP BI API, for one merchant: the given account, or the demo merchant's. */
export function playSnap(given: SnapAccount | undefined): Provider {
  let gate: Gate | undefined;
  const accountOf = (world: World) => given ?? demoAccount(world);
  let forger: KeyPair | undefined;

  return {
    name: "snap",
    refundsParts: true,

    async mount(server, world) {
      gate = new Gate(world.clock, world.random);
      await server.register(snapRoutes(world, gate, () => accountOf(world)));
    },

    letters(world, transaction, faults) {
      const { callbackUrl } = transaction;
      if (callbackUrl === null || !isTold(transaction)) return [];
      const account = accountOf(world);
      const body = notifyRow(transaction);
      const timestamp = stamp(sentAt(world, transaction) + faults.delay_ms);
      const signed = { path: new URL(callbackUrl).pathname, body, timestamp };
      const token = gate?.lastToken ?? "";
      const secret = faults.forged ? `${account.clientSecret}-forged` : account.clientSecret;
      const key = faults.forged ? (forger ??= newKeyPair()).privateKey : account.bankPrivateKey;
      const asymmetric = account.notifications === "asymmetric";
      const headers = {
        ...(asymmetric ? {} : { authorization: `Bearer ${token}` }),
        "x-timestamp": timestamp,
        "x-signature": asymmetric
          ? rsaOf(key, textOf({ ...signed, token: null }))
          : hmacOf(secret, textOf({ ...signed, token })),
        "x-partner-id": account.partnerId,
        "x-external-id": digits(world.random, 20),
        "channel-id": account.channelId,
      };
      const sent = JSON.stringify(body);
      return [{ url: callbackUrl, headers, body: faults.altered ? alterDigit(sent, /"value":"/) : sent }];
    },

    // success is status 200 with the standard's own code
    carrying: {
      accepts: (status, body) => status === 200 && body.includes(`"200${services.notify.number}00"`),
      retryMs: (attempts) => (attempts < MAX_ATTEMPTS ? RETRY_MS : undefined),
      patienceMs: 10_000,
      redirects: 0,
    },
  };
}

/**
 * When a state is notified, in the callers' time: at once, so a payment's time is its notification's.
 * Milliseconds.
 */
function sentAt({ clock }: World, { status, paidAt }: Transaction): number {
  return (status === "PAID" && paidAt !== null ? paidAt * 1_000 : clock.now()) - clock.shiftMs;
}
