import type { Id } from "@onegate/contract";
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { MakeProvider } from "./credentials/index.ts";
import type { Clock, Settings } from "./kernel/index.ts";
import {
  createMidtrans,
  createSnap,
  createTripay,
  createXendit,
  guarded,
  SNAP_NOTIFY_PATH,
  type Provider,
} from "./providers/index.ts";

/**
 * How long a cashier waits for a provider. After that the payment is unknown, and the provider is inquired.
 */
const TIMEOUT_MS = 8_000;

/** Base URLs for merchants' own accounts unless a setting names another. */
const ADDRESSES = {
  sandbox: {
    tripay: "https://tripay.co.id/api-sandbox",
    midtrans: "https://api.sandbox.midtrans.com",
    xendit: "https://api.xendit.co",
  },
  production: {
    tripay: "https://tripay.co.id/api",
    midtrans: "https://api.midtrans.com",
    xendit: "https://api.xendit.co",
  },
} as const;

export type ProviderParts = {
  readonly settings: Settings;
  readonly tripayUrl: string;
  /** The simulator's URL, for providers whose own URLs are not set. Empty: they are off. */
  readonly simulatorUrl: string;
  /**
   * This server's public URL. Read at each call, because with port 0 it is known only once the server
   * listens.
   */
  readonly publicUrl: () => string;
  readonly clock: Clock;
};

export type ProviderSetup = {
  /** The configured providers in the order of their listing, each with its circuit breaker. */
  readonly named: readonly Provider[];
  /** Makes a provider for a merchant's own account. */
  readonly make: MakeProvider;
  readonly callbackUrl: (provider: string, accountId: Id | null) => string;
};

export function setUpProviders({
  settings,
  tripayUrl,
  simulatorUrl,
  publicUrl,
  clock,
}: ProviderParts): ProviderSetup {
  const timeouts = { totalMs: TIMEOUT_MS };
  const callbackUrl = (name: string, accountId: Id | null) =>
    `${publicUrl()}/api/v1/providers/${name}/notifications${accountId === null ? "" : `/${accountId}`}`;
  const tripay = (
    baseUrl: string,
    keys: { merchantCode: string; apiKey: string; privateKey: string },
    accountId: Id | null,
  ) =>
    createTripay({
      baseUrl,
      ...keys,
      timeouts,
      clock,
      get callbackUrl() {
        return callbackUrl("tripay", accountId);
      },
      get returnUrl() {
        return publicUrl();
      },
    });
  const midtrans = (baseUrl: string, serverKey: string, accountId: Id | null) =>
    createMidtrans({
      baseUrl,
      serverKey,
      timeouts,
      clock,
      get callbackUrl() {
        return callbackUrl("midtrans", accountId);
      },
      get returnUrl() {
        return publicUrl();
      },
    });
  const xendit = (
    baseUrl: string,
    keys: { secretKey: string; callbackToken: string },
    accountId: Id | null,
  ) =>
    createXendit({
      baseUrl,
      ...keys,
      timeouts,
      clock,
      get callbackUrl() {
        return callbackUrl("xendit", accountId);
      },
      get returnUrl() {
        return publicUrl();
      },
    });
  const midtransUrl = settings.midtransUrl || simulatorUrl;
  const xenditUrl = settings.xenditUrl || simulatorUrl;
  // a bank may sign the path with or without PUBLIC_URL's own path
  const pathsOf = (paths: readonly string[]) => {
    const below = new URL(publicUrl()).pathname.replace(/\/$/, "");
    return paths.flatMap((path) => (below === "" ? [path] : [path, below + path]));
  };
  const snap =
    settings.snapUrl &&
    settings.snapPrivateKey &&
    createSnap({
      baseUrl: settings.snapUrl,
      pathPrefix: settings.snapPathPrefix,
      signature: settings.snapSignature,
      clientKey: settings.snapClientKey,
      clientSecret: settings.snapClientSecret,
      privateKey: settings.snapPrivateKey,
      providerPublicKey: settings.snapProviderPublicKey,
      partnerId: settings.snapPartnerId,
      channelId: settings.snapChannelId,
      merchantId: settings.snapMerchantId,
      externalIdDigits: settings.snapExternalIdDigits || null,
      freshnessMs: settings.snapFreshness * 1_000,
      basisPoints: settings.snapDiscount,
      timeouts,
      clock,
      get notificationPaths() {
        return pathsOf([SNAP_NOTIFY_PATH, "/api/v1/providers/snap/notifications"]);
      },
    });
  const all = [
    tripayUrl &&
      tripay(
        tripayUrl,
        {
          merchantCode: settings.tripayMerchantCode,
          apiKey: settings.tripayApiKey,
          privateKey: settings.tripayPrivateKey,
        },
        null,
      ),
    midtransUrl && midtrans(midtransUrl, settings.midtransServerKey, null),
    xenditUrl &&
      xendit(
        xenditUrl,
        { secretKey: settings.xenditSecretKey, callbackToken: settings.xenditCallbackToken },
        null,
      ),
    snap,
  ];

  const addresses = ADDRESSES[settings.mode];
  return {
    named: all.filter((provider) => provider !== null && typeof provider === "object").map(guarded),
    make(credentials, accountId) {
      switch (credentials.provider) {
        case "tripay": {
          const { merchant_code: merchantCode, api_key: apiKey, private_key: privateKey } = credentials;
          return guarded(
            tripay(tripayUrl || addresses.tripay, { merchantCode, apiKey, privateKey }, accountId),
          );
        }
        case "midtrans":
          return guarded(midtrans(midtransUrl || addresses.midtrans, credentials.server_key, accountId));
        case "xendit":
          return guarded(
            xendit(
              xenditUrl || addresses.xendit,
              { secretKey: credentials.secret_key, callbackToken: credentials.callback_token },
              accountId,
            ),
          );
        case "snap":
          return guarded(
            createSnap({
              baseUrl: credentials.url,
              pathPrefix: credentials.path_prefix ?? "",
              signature: credentials.signature,
              clientKey: credentials.client_key ?? "",
              clientSecret: credentials.client_secret ?? "",
              privateKey: createPrivateKey(credentials.private_key),
              providerPublicKey:
                credentials.provider_public_key === undefined
                  ? null
                  : createPublicKey(credentials.provider_public_key),
              partnerId: credentials.partner_id,
              channelId: credentials.channel_id,
              merchantId: credentials.merchant_id,
              externalIdDigits: credentials.external_id_digits ?? null,
              ...(credentials.freshness_seconds === undefined
                ? {}
                : { freshnessMs: credentials.freshness_seconds * 1_000 }),
              ...(credentials.discount_basis_points === undefined
                ? {}
                : { basisPoints: credentials.discount_basis_points }),
              timeouts,
              clock,
              get notificationPaths() {
                return pathsOf([`/api/v1/providers/snap/notifications/${accountId}`]);
              },
            }),
          );
      }
    },
    callbackUrl,
  };
}
