import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { StartFailure } from "./failure.ts";
import { checkedToRsaKey } from "./rsa-key.ts";

type Setting<T> = {
  readonly env: string;
  readonly fallback: string;
  readonly about: string;
  /** The value, or a description of what it should be. */
  readonly read: (text: string) => T | { wrong: string };
  readonly secret?: true;
};

const text = (value: string): string => value;
const port = (value: string) => {
  const number = /^[0-9]{1,5}$/.test(value) ? Number(value) : NaN;
  return number <= 65_535 ? number : { wrong: "a port number from 0 to 65535" };
};
const whole = (min: number, max: number) => (value: string) => {
  const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN;
  return number >= min && number <= max ? number : { wrong: `a whole number from ${min} to ${max}` };
};
const oneOf =
  <const T extends string>(...values: T[]) =>
  (value: string) =>
    values.find((allowed) => allowed === value) ?? { wrong: `one of ${values.join(", ")}` };
const onOff = (value: string) => (value === "on" ? true : value === "off" ? false : { wrong: "on or off" });
const url =
  (...schemes: string[]) =>
  (value: string) => {
    if (value === "") return value;
    const parsed = URL.parse(value);
    return parsed && schemes.includes(parsed.protocol)
      ? value.replace(/\/$/, "")
      : { wrong: `an address that starts with ${schemes.join(" or ")}//` };
  };

const secretKey = (value: string) =>
  /^[0-9a-f]{64}$/i.test(value)
    ? Buffer.from(value, "hex")
    : { wrong: "64 hexadecimal digits, as openssl rand -hex 32 makes them" };

/** Fastify's list of trusted proxies: addresses, networks in CIDR, or the names of private networks. */
const proxies = (value: string) => {
  const isOne = (part: string) =>
    ["loopback", "linklocal", "uniquelocal"].includes(part) || isIP(part.replace(/\/[0-9]{1,3}$/, "")) > 0;
  return value === "" || value.split(",").every((part) => isOne(part.trim()))
    ? value
    : { wrong: "a comma-separated list of addresses or networks, such as 10.0.0.0/8" };
};

/** The form of browsers' Origin header: scheme, host and port, nothing else. */
const origins = (value: string) => {
  const list = value === "" ? [] : value.split(",").map((one) => one.trim());
  return list.every((one) => /^https?:/.test(one) && URL.parse(one)?.origin === one)
    ? list
    : { wrong: "a comma-separated list of origins, such as https://shop.example" };
};

/** Names without scheme, port or path. */
const hosts = (value: string) => {
  const list = value === "" ? [] : value.split(",").map((one) => one.trim());
  return list.every((one) => /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(one))
    ? list
    : { wrong: "a comma-separated list of host names without ports, such as onegate.internal" };
};

const metricsToken = (value: string) =>
  value === "" || /^[\x21-\x7e]{16,200}$/.test(value)
    ? value
    : { wrong: "16 to 200 visible ASCII characters" };

const fiveDigits = (value: string) =>
  value === "" || /^[0-9]{5}$/.test(value) ? value : { wrong: "5 digits" };
const externalIdDigits = (value: string) =>
  value === "0" || (/^[0-9]{1,2}$/.test(value) && Number(value) >= 9 && Number(value) <= 36)
    ? Number(value)
    : { wrong: "0, or a whole number from 9 to 36" };
const pathPrefix = (value: string) =>
  value === "" || /^(?:\/[A-Za-z0-9._-]+)+$/.test(value)
    ? value
    : { wrong: "a path such as /openapi, without a slash at its end" };

/**
 * An RSA key of 2048 bits or more, as PEM (its line breaks may be written as \n) or the name of a PEM file.
 */
const rsaKey = (create: (pem: string) => KeyObject) => (value: string) => {
  if (value === "") return null;
  const pem = value.includes("-----BEGIN") ? value.replaceAll("\\n", "\n") : readIfExists(value);
  return (
    checkedToRsaKey(create, pem) ?? { wrong: "an RSA key of at least 2048 bits, as PEM or a file's name" }
  );
};

function readIfExists(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const oldSecretKey = (value: string) => (value === "" ? null : secretKey(value));

const SANDBOX_SECRET_KEY = "00".repeat(32);
export const SANDBOX_MIDTRANS = { serverKey: "SB-Mid-server-onegate-demo" } as const;
export const SANDBOX_XENDIT = {
  secretKey: "xnd_development_onegate_demo",
  callbackToken: "onegate-demo-callback-token",
} as const;
export const SANDBOX_TRIPAY = {
  apiKey: "DEV-onegate-demo",
  privateKey: "onegate-demo-private-key",
  merchantCode: "T0001",
} as const;

/** All settings: environment variable, default and purpose. `--help` prints this table. */
const table = {
  mode: {
    env: "ONEGATE_MODE",
    fallback: "sandbox",
    about: "sandbox (demo shop, simulated providers) or production",
    read: oneOf("sandbox", "production"),
  },
  trustProxy: {
    env: "TRUST_PROXY",
    fallback: "",
    about: "comma-separated addresses of the proxies whose X-Forwarded-For is trusted",
    read: proxies,
  },
  host: {
    env: "HOST",
    fallback: "127.0.0.1",
    about: "address to listen on; 0.0.0.0 lets phones on the network in",
    read: text,
  },
  port: { env: "PORT", fallback: "8080", about: "port to listen on; 0 picks a free one", read: port },
  corsOrigins: {
    env: "CORS_ORIGINS",
    fallback: "",
    about:
      "comma-separated origins whose pages may call the API from a browser; default only this server's own",
    read: origins,
  },
  publicUrl: {
    env: "PUBLIC_URL",
    fallback: "",
    about: "URL at which providers reach this server; default http://127.0.0.1:PORT",
    read: url("http:", "https:"),
  },
  hosts: {
    env: "ONEGATE_HOSTS",
    fallback: "",
    about:
      "comma-separated host names that requests may use besides PUBLIC_URL's, localhost, this machine's " +
      "name and IP addresses",
    read: hosts,
  },
  metricsToken: {
    env: "ONEGATE_METRICS_TOKEN",
    fallback: "",
    about: "bearer token for /metrics; without it, in production, only this machine may read them",
    read: metricsToken,
    secret: true,
  },
  data: {
    env: "ONEGATE_DATA",
    fallback: "./data",
    about: "folder of the embedded PostgreSQL and of the simulator",
    read: (value: string) => resolve(value),
  },
  databaseUrl: {
    env: "DATABASE_URL",
    fallback: "",
    about: "a PostgreSQL server (16 or newer) to use instead of the embedded one",
    read: url("postgres:", "postgresql:"),
    secret: true,
  },
  databaseAdminUrl: {
    env: "DATABASE_ADMIN_URL",
    fallback: "",
    about: "the same server with the schema's owner as user, only for migrations; default DATABASE_URL",
    read: url("postgres:", "postgresql:"),
    secret: true,
  },
  databasePool: {
    env: "DATABASE_POOL",
    fallback: "12",
    about: "maximum number of connections to the database",
    read: whole(4, 500),
  },
  ledgerConcurrency: {
    env: "LEDGER_LANES",
    fallback: "3",
    about: "maximum number of concurrent ledger batches",
    read: whole(1, 32),
  },
  ledgerQueue: {
    env: "LEDGER_QUEUE",
    fallback: "20000",
    about: "maximum number of waiting transfers; beyond it callers get 503",
    read: whole(1, 1_000_000),
  },
  sealKey: {
    env: "ONEGATE_SEAL_KEY",
    fallback: "",
    about:
      "file of the key that signs the ledger's heads, created if missing; default seal.pem in ONEGATE_DATA",
    read: text,
  },
  secretKey: {
    env: "ONEGATE_SECRET_KEY",
    fallback: SANDBOX_SECRET_KEY,
    about:
      "64 hexadecimal digits; encrypts signing keys, TOTP secrets and provider credentials in the database",
    read: secretKey,
    secret: true,
  },
  oldSecretKey: {
    env: "ONEGATE_OLD_SECRET_KEY",
    fallback: "",
    about: "the previous key, needed while secrets encrypted with it remain",
    read: oldSecretKey,
    secret: true,
  },
  logLevel: {
    env: "LOG_LEVEL",
    fallback: "warn",
    about: "fatal, error, warn, info, debug or trace",
    read: oneOf("fatal", "error", "warn", "info", "debug", "trace", "silent"),
  },
  anonymous: {
    env: "ONEGATE_ANONYMOUS",
    fallback: "on",
    about:
      "on: payment routes work without credentials (sandbox only); " +
      "those that move money only from this machine",
    read: onOff,
  },
  simulator: {
    env: "ONEGATE_SIMULATOR",
    fallback: "on",
    about: "on: start the provider simulator (sandbox only)",
    read: onOff,
  },
  simulatorPort: {
    env: "SIMULATOR_PORT",
    fallback: "8090",
    about: "port of the provider simulator; 0 picks a free one",
    read: port,
  },
  deliveryPrivate: {
    env: "ONEGATE_DELIVERY_PRIVATE",
    fallback: "off",
    about: "on: webhooks and merchants' banks may be on this machine, also over http (sandbox only)",
    read: onOff,
  },
  tripayUrl: {
    env: "TRIPAY_URL",
    fallback: "",
    about: "Tripay's base URL, such as https://tripay.co.id/api; default the simulator, if it runs",
    read: url("http:", "https:"),
  },
  tripayApiKey: {
    env: "TRIPAY_API_KEY",
    fallback: SANDBOX_TRIPAY.apiKey,
    about: "Tripay's API key",
    read: text,
    secret: true,
  },
  tripayPrivateKey: {
    env: "TRIPAY_PRIVATE_KEY",
    fallback: SANDBOX_TRIPAY.privateKey,
    about: "Tripay's private key, used for signatures",
    read: text,
    secret: true,
  },
  tripayMerchantCode: {
    env: "TRIPAY_MERCHANT_CODE",
    fallback: SANDBOX_TRIPAY.merchantCode,
    about: "Tripay's merchant code",
    read: text,
  },
  midtransUrl: {
    env: "MIDTRANS_URL",
    fallback: "",
    about: "Midtrans' base URL, such as https://api.midtrans.com; default the simulator, if it runs",
    read: url("http:", "https:"),
  },
  midtransServerKey: {
    env: "MIDTRANS_SERVER_KEY",
    fallback: SANDBOX_MIDTRANS.serverKey,
    about: "Midtrans' server key, also used for signatures",
    read: text,
    secret: true,
  },
  xenditUrl: {
    env: "XENDIT_URL",
    fallback: "",
    about: "Xendit's base URL, such as https://api.xendit.co; default the simulator, if it runs",
    read: url("http:", "https:"),
  },
  xenditSecretKey: {
    env: "XENDIT_SECRET_KEY",
    fallback: SANDBOX_XENDIT.secretKey,
    about: "Xendit's secret key",
    read: text,
    secret: true,
  },
  xenditCallbackToken: {
    env: "XENDIT_CALLBACK_TOKEN",
    fallback: SANDBOX_XENDIT.callbackToken,
    about: "Xendit's verification token, which its callbacks carry",
    read: text,
    secret: true,
  },
  snapUrl: {
    env: "SNAP_URL",
    fallback: "",
    about: "URL of a bank's SNAP BI API, without the path that is signed; default none",
    read: url("http:", "https:"),
  },
  snapPathPrefix: {
    env: "SNAP_PATH_PREFIX",
    fallback: "",
    about: "that bank's signed path prefix before /v1.0/, such as /openapi",
    read: pathPrefix,
  },
  snapSignature: {
    env: "SNAP_SIGNATURE",
    fallback: "symmetric",
    about: "how calls to the bank are signed: symmetric (token, client secret) or asymmetric (private key)",
    read: oneOf("symmetric", "asymmetric"),
  },
  snapClientKey: {
    env: "SNAP_CLIENT_KEY",
    fallback: "",
    about: "client key that the bank assigned to us, for token requests",
    read: text,
  },
  snapClientSecret: {
    env: "SNAP_CLIENT_SECRET",
    fallback: "",
    about: "secret that signs calls, and the bank's notifications if it has no public key",
    read: text,
    secret: true,
  },
  snapPrivateKey: {
    env: "SNAP_PRIVATE_KEY",
    fallback: "",
    about: "our RSA private key, as PEM or a file name",
    read: rsaKey(createPrivateKey),
    secret: true,
  },
  snapProviderPublicKey: {
    env: "SNAP_PROVIDER_PUBLIC_KEY",
    fallback: "",
    about: "the bank's RSA public key, likewise; if set, only notifications signed by it are accepted",
    read: rsaKey(createPublicKey),
  },
  snapPartnerId: { env: "SNAP_PARTNER_ID", fallback: "", about: "X-PARTNER-ID", read: text },
  snapChannelId: { env: "SNAP_CHANNEL_ID", fallback: "", about: "CHANNEL-ID, 5 digits", read: fiveDigits },
  snapMerchantId: { env: "SNAP_MERCHANT_ID", fallback: "", about: "the bank's merchant id", read: text },
  snapExternalIdDigits: {
    env: "SNAP_EXTERNAL_ID_DIGITS",
    fallback: "0",
    about: "number of digits in X-EXTERNAL-ID at that bank, 9 to 36; 0: letters too",
    read: externalIdDigits,
  },
  snapFreshness: {
    env: "SNAP_FRESHNESS_SECONDS",
    fallback: "300",
    about: "maximum difference, in seconds, between the bank's notification time and ours",
    read: whole(1, 86_400),
  },
  snapDiscount: {
    env: "SNAP_DISCOUNT_BASIS_POINTS",
    fallback: "70",
    about: "the bank's fee on a payment (MDR), in hundredths of a percent",
    read: whole(0, 10_000),
  },
} as const satisfies Record<string, Setting<unknown>>;

type Table = typeof table;
export type Settings = {
  readonly [K in keyof Table]: Exclude<ReturnType<Table[K]["read"]>, { wrong: string }>;
};

/**
 * Reads all settings from an environment. Throws one `StartFailure` that names all wrong settings and their
 * remedies.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [name, setting] of Object.entries<Setting<unknown>>(table)) {
    const given = environment[setting.env];
    const value = setting.read(given === undefined || given === "" ? setting.fallback : given);
    if (typeof value === "object" && value !== null && "wrong" in value) {
      const shown = setting.secret ? "its value" : `"${given}"`;
      faults.push([
        `${setting.env}: ${shown} is not ${String(value.wrong)}.`,
        `Set ${setting.env} to ${String(value.wrong)}, or unset it.`,
      ]);
    }
    settings[name] = value;
  }
  stopFor("", faults);
  const checked = settings as Settings;
  stopFor("", bankFaults(checked));
  stopFor("production mode: ", productionFaults(checked));
  return checked;
}

/** A wrong setting, and its remedy. */
type Fault = readonly [what: string, remedy: string];

function stopFor(prefix: string, faults: readonly Fault[]): void {
  if (faults.length > 0)
    throw new StartFailure(
      prefix + faults.map(([what]) => what).join(" "),
      faults.map(([, remedy]) => remedy).join(" "),
    );
}

/** If a bank is configured, all settings that its API needs must be set. */
function bankFaults(settings: Settings): Fault[] {
  if (settings.snapUrl === "") return [];
  const {
    snapPrivateKey,
    snapPartnerId,
    snapChannelId,
    snapMerchantId,
    snapClientKey,
    snapClientSecret,
    snapProviderPublicKey,
  } = settings;
  const symmetric = settings.snapSignature === "symmetric";
  const needed = {
    SNAP_PRIVATE_KEY: snapPrivateKey,
    SNAP_PARTNER_ID: snapPartnerId,
    SNAP_CHANNEL_ID: snapChannelId,
    SNAP_MERCHANT_ID: snapMerchantId,
    ...(symmetric
      ? { SNAP_CLIENT_KEY: snapClientKey, SNAP_CLIENT_SECRET: snapClientSecret }
      : { SNAP_PROVIDER_PUBLIC_KEY: snapProviderPublicKey }),
  };
  const missing = Object.entries(needed)
    .filter(([, value]) => value === "" || value === null)
    .map(([env]) => env);
  if (missing.length === 0) return [];
  const names = inWords(missing);
  return [
    [
      `SNAP_URL names a bank, but ${names} ${missing.length === 1 ? "is" : "are"} not set.`,
      `Set ${names}, or unset SNAP_URL.`,
    ],
  ];
}

function inWords(names: readonly string[]): string {
  return names.length === 1
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} and ${names.slice(-1).join("")}`;
}

function productionFaults(settings: Settings): Fault[] {
  if (settings.mode !== "production") return [];
  const rules: ReadonlyArray<readonly [isBroken: boolean, ...Fault]> = [
    [settings.anonymous, "the payment routes would work without credentials.", "Set ONEGATE_ANONYMOUS=off."],
    [settings.simulator, "the provider simulator would move play money.", "Set ONEGATE_SIMULATOR=off."],
    [
      settings.deliveryPrivate,
      "webhooks could reach services that listen only on this machine.",
      "Set ONEGATE_DELIVERY_PRIVATE=off.",
    ],
    [
      settings.tripayUrl !== "" &&
        (settings.tripayPrivateKey === SANDBOX_TRIPAY.privateKey ||
          settings.tripayApiKey === SANDBOX_TRIPAY.apiKey),
      "Tripay's credentials are the demo's, which are public.",
      "Set TRIPAY_API_KEY and TRIPAY_PRIVATE_KEY.",
    ],
    [
      settings.midtransUrl !== "" && settings.midtransServerKey === SANDBOX_MIDTRANS.serverKey,
      "Midtrans' key is the demo's, which is public.",
      "Set MIDTRANS_SERVER_KEY.",
    ],
    [
      settings.xenditUrl !== "" &&
        (settings.xenditSecretKey === SANDBOX_XENDIT.secretKey ||
          settings.xenditCallbackToken === SANDBOX_XENDIT.callbackToken),
      "Xendit's credentials are the demo's, which are public.",
      "Set XENDIT_SECRET_KEY and XENDIT_CALLBACK_TOKEN.",
    ],
    [
      settings.secretKey.toString("hex") === SANDBOX_SECRET_KEY,
      "the key that encrypts secrets is the demo's, which is public.",
      "Set ONEGATE_SECRET_KEY to the output of openssl rand -hex 32, and keep it.",
    ],
    [
      settings.publicUrl === "",
      "providers would not know where to send notifications.",
      "Set PUBLIC_URL to this server's https address.",
    ],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, what, remedy]) => [what, remedy]);
}

/** The settings as a table for `--help`. */
export function describeSettings(): string {
  const rows = Object.values<Setting<unknown>>(table).map(({ env, fallback, about, secret }) => {
    const shown = fallback === "" ? "" : secret ? " [demo value]" : ` [${fallback}]`;
    return `  ${env.padEnd(24)} ${about}${shown}`;
  });
  return rows.join("\n");
}
