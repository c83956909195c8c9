import { createHash } from "node:crypto";
import { alterDigit } from "../delivery.ts";
import type { CallbackFaults } from "../faults.ts";
import type { Carrying, Provider } from "../provider.ts";
import { midtransRoutes } from "./routes.ts";
import { notificationRow } from "./rows.ts";

/** A merchant at Midtrans. */
export type MidtransMerchant = {
  readonly serverKey: string;
  readonly merchantId: string;
  /** Where notifications go when a charge names no URL, like the setting in Midtrans' dashboard. */
  readonly callbackUrl: string | null;
};

export const DEMO_SERVER_KEY = "SB-Mid-server-onegate-demo";
export const DEMO_MERCHANT_ID = "G000000001";

const MINUTE = 60_000;
/**
 * "HTTPS notification": the pauses before each retry. Midtrans adds a random shift, the simulator doesn't.
 */
const PAUSES_MS = [2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 90 * MINUTE, 210 * MINUTE];
/** The number of retries after each status; after any other failure, or no answer, five. */
const RESENDS: Readonly<Record<number, number>> = { 500: 1, 503: 4, 400: 2, 404: 2, 301: 0, 302: 0, 303: 0 };
/** The delay of a refund's second notification, sent when the bank has confirmed it. */
export const CONFIRMED_AFTER_MS = 1_000;

const carrying: Carrying = {
  accepts: (status) => status >= 200 && status < 300,
  retryMs: (attempts, status) =>
    attempts <= (RESENDS[status ?? 0] ?? PAUSES_MS.length) ? PAUSES_MS[attempts - 1] : undefined,
  patienceMs: 15_000,
  redirects: 5,
};

/** Midtrans' Core API under `/v2`, with the payment methods that Onegate offers there. */
export function playMidtrans(merchants: readonly MidtransMerchant[]): Provider {
  return {
    name: "midtrans",
    refundsParts: true,
    takesBack: true,
    carrying,

    async mount(server, world) {
      await server.register(midtransRoutes(world, merchants), { prefix: "/v2" });
    },

    letters(_, transaction, faults) {
      const merchant = merchants.find(({ merchantId }) => merchantId === transaction.merchantCode);
      const urls = transaction.callbackUrl?.split(",") ?? [];
      if (!merchant) return [];
      const refunded = transaction.refunds.length > 0;
      const letter = (confirmed: boolean, afterMs: number) => {
        const body = JSON.stringify(
          signed(notificationRow(transaction, confirmed), merchant.serverKey, faults),
        );
        const headers = { accept: "application/json", "user-agent": "Veritrans" };
        return urls.map((url) => ({
          url,
          headers,
          body: faults.altered ? alterDigit(body, /"gross_amount":"/) : body,
          afterMs,
        }));
      };
      return refunded ? [...letter(false, 0), ...letter(true, CONFIRMED_AFTER_MS)] : letter(true, 0);
    },
  };
}

/** `signature_key`: SHA-512 over order id, status code, gross amount and the server key. */
export function signatureOf(row: Readonly<Record<string, unknown>>, serverKey: string): string {
  return createHash("sha512")
    .update(
      `${String(row["order_id"])}${String(row["status_code"])}${String(row["gross_amount"])}${serverKey}`,
    )
    .digest("hex");
}

function signed(row: Readonly<Record<string, unknown>>, serverKey: string, { forged }: CallbackFaults) {
  return { ...row, signature_key: signatureOf(row, forged ? `${serverKey}-forged` : serverKey) };
}
