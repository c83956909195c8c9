import type { Clock, Settings } from "./kernel/index.ts";
import { createMidtrans, createSnap, createTripay, createXendit, guarded, SNAP_NOTIFY_PATH, type Provider } from "./providers/index.ts";

/** A cashier waits no longer than this for a provider; then the payment is unknown, and asked about. */
const PATIENCE_MS = 8_000;

export type ProviderSetup = {
  readonly settings: Settings;
  readonly tripayUrl: string;
  /** Where the simulator plays the providers whose own addresses are not set; without it they are off. */
  readonly simulatorUrl: string;
  /** Where this server is reached; read at each call, because on port 0 it is known only once it listens. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
};

/** The providers that the settings name, each watched by its breaker, in the order in which they are listed. */
export function createProviders({ settings, tripayUrl, simulatorUrl, publicUrl, clock }: ProviderSetup): Provider[] {
  const timeouts = { totalMs: PATIENCE_MS };
  const notify = (name: string) => `${publicUrl()}/api/v1/providers/${name}/notifications`;
  const tripay = createTripay({
    baseUrl: tripayUrl, apiKey: settings.tripayApiKey, privateKey: settings.tripayPrivateKey, merchantCode: settings.tripayMerchantCode, timeouts, clock,
    get callbackUrl() {
      return notify("tripay");
    },
    get returnUrl() {
      return publicUrl();
    },
  });
  const midtransUrl = settings.midtransUrl || simulatorUrl;
  const midtrans = midtransUrl && createMidtrans({
    baseUrl: midtransUrl, serverKey: settings.midtransServerKey, timeouts, clock,
    get callbackUrl() {
      return notify("midtrans");
    },
    get returnUrl() {
      return publicUrl();
    },
  });
  const xenditUrl = settings.xenditUrl || simulatorUrl;
  const xendit = xenditUrl && createXendit({
    baseUrl: xenditUrl, secretKey: settings.xenditSecretKey, callbackToken: settings.xenditCallbackToken, timeouts, clock,
    get callbackUrl() {
      return notify("xendit");
    },
    get returnUrl() {
      return publicUrl();
    },
  });
  const snap = settings.snapUrl && settings.snapPrivateKey && createSnap({
    baseUrl: settings.snapUrl, pathPrefix: settings.snapPathPrefix, signature: settings.snapSignature, clientKey: settings.snapClientKey, clientSecret: settings.snapClientSecret,
    privateKey: settings.snapPrivateKey, providerPublicKey: settings.snapProviderPublicKey, partnerId: settings.snapPartnerId, channelId: settings.snapChannelId,
    merchantId: settings.snapMerchantId, externalIdDigits: settings.snapExternalIdDigits || null, freshnessMs: settings.snapFreshness * 1_000, basisPoints: settings.snapDiscount,
    timeouts, clock,
    // the bank signs the path it calls, below PUBLIC_URL or as the standard has it
    get notificationPaths() {
      const below = new URL(publicUrl()).pathname.replace(/\/$/, "");
      return [SNAP_NOTIFY_PATH, "/api/v1/providers/snap/notifications"].flatMap((path) => (below === "" ? [path] : [path, below + path]));
    },
  });
  return [tripay, midtrans, xendit, snap].filter((provider) => provider !== null && typeof provider === "object").map(guarded);
}
