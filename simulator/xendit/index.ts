import { alterDigit } from "../delivery.ts";
import type { Carrying, Provider } from "../provider.ts";
import { xenditRoutes } from "./routes.ts";
import { callbackRow } from "./rows.ts";

/** A business at Xendit. */
export type XenditBusiness = {
  readonly secretKey: string;
  readonly businessId: string;
  /** The account's "verification token", which is part of every callback. */
  readonly callbackToken: string;
  /** Where callbacks go when a request names no URL, like the setting in Xendit's dashboard. */
  readonly callbackUrl: string | null;
};

export const DEMO_SECRET_KEY = "xnd_development_onegate_demo";
export const DEMO_CALLBACK_TOKEN = "onegate-demo-callback-token";
export const DEMO_BUSINESS_ID = "onegate-demo-business";

const MINUTE = 60_000;
/** Xendit's retry schedule is not known; the simulator retries five times, with growing pauses. */
const PAUSES_MS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 180 * MINUTE];

const carrying: Carrying = {
  accepts: (status) => status >= 200 && status < 300,
  retryMs: (attempts) => PAUSES_MS[attempts - 1],
  patienceMs: 15_000,
  redirects: 0,
};

/** Xendit's QR codes (version 2022-07-31), e-wallet charges, payment requests, refunds and transactions. */
export function playXendit(businesses: readonly XenditBusiness[]): Provider {
  return {
    name: "xendit",
    refundsParts: true,
    carrying,

    async mount(server, world) {
      await server.register(xenditRoutes(world, businesses));
    },

    letters(world, transaction, faults) {
      const business = businesses.find(({ businessId }) => businessId === transaction.merchantCode);
      const row = callbackRow(transaction, world.publicUrl());
      if (!business || !row || transaction.callbackUrl === null) return [];
      const body = JSON.stringify(row);
      const headers = {
        "x-callback-token": faults.forged ? `${business.callbackToken}-forged` : business.callbackToken,
      };
      return [
        {
          url: transaction.callbackUrl,
          headers,
          body: faults.altered ? alterDigit(body, /"(?:charge_amount|amount)":/) : body,
        },
      ];
    },
  };
}
