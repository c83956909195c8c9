import { generateKeyPairSync } from "node:crypto";
import type { World } from "../world.ts";

/** The credentials that a merchant and its bank have exchanged; keys are PEM. */
export type SnapAccount = {
  readonly clientKey: string;
  readonly clientSecret: string;
  readonly partnerId: string;
  readonly channelId: string;
  readonly merchantId: string;
  readonly merchantPublicKey: string;
  readonly bankPrivateKey: string;
  /** How the bank signs its notifications. */
  readonly notifications: "symmetric" | "asymmetric";
  /** Where notifications go; null: to the URL set by `PUT /control/snap/notify-url`. */
  readonly notifyUrl: string | null;
};

/** The name of the book's setting for the notification URL. */
export const NOTIFY_URL = "snap_notify_url";

const DEMO = {
  clientKey: "DEV-onegate-demo",
  clientSecret: "onegate-demo-client-secret",
  partnerId: "ONEGATE",
  channelId: "95221",
  merchantId: "DEV-000000000000001",
  notifications: "asymmetric",
  notifyUrl: null,
} as const;

export type KeyPair = { readonly privateKey: string; readonly publicKey: string };

/** RSA, 2048 bits: PKCS #8 and SPKI, in PEM. */
export function newKeyPair(): KeyPair {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/** The demo merchant's account. Its keys are generated at first use and kept in the journal. */
export function demoAccount(world: World): SnapAccount {
  return {
    ...DEMO,
    merchantPublicKey: keyPair(world, "merchant").publicKey,
    bankPrivateKey: keyPair(world, "bank").privateKey,
  };
}

/** The demo merchant's configuration, under the names of Onegate's settings. */
export function demoSettings(world: World): Readonly<Record<string, string>> {
  return {
    SNAP_URL: world.publicUrl(),
    SNAP_CLIENT_KEY: DEMO.clientKey,
    SNAP_CLIENT_SECRET: DEMO.clientSecret,
    SNAP_PARTNER_ID: DEMO.partnerId,
    SNAP_CHANNEL_ID: DEMO.channelId,
    SNAP_MERCHANT_ID: DEMO.merchantId,
    SNAP_PRIVATE_KEY: keyPair(world, "merchant").privateKey,
    SNAP_PROVIDER_PUBLIC_KEY: keyPair(world, "bank").publicKey,
  };
}

function keyPair({ book }: World, whose: "merchant" | "bank"): KeyPair {
  const name = `snap_${whose}_keys`;
  const kept = book.setting(name);
  if (kept !== undefined) return JSON.parse(kept) as KeyPair;
  const made = newKeyPair();
  book.record({ kind: "setting", name, value: JSON.stringify(made) });
  return made;
}
