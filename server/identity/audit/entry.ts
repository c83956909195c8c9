import type { Id } from "@onegate/contract";
import { createHash } from "node:crypto";
import type { Value } from "./actions.ts";

/** Who did something, and from where: taken from the request, passed to verbs as one value. */
export type Who = {
  readonly merchantId: Id;
  /** A staff member's or user's id, `key:` and a key's id, `sandbox`, `anyone`, or `system` for the program's own doing. */
  readonly actor: string;
  readonly deviceId: Id | null;
  readonly outletId: Id | null;
  readonly address: string | null;
  readonly requestId: string | null;
};

/** One line of a merchant's audit trail, by the names under which it is exported. Times are texts with microseconds, UTC. */
export type AuditEntry = {
  readonly merchant_id: Id;
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly device_id: Id | null;
  readonly outlet_id: Id | null;
  readonly address: string | null;
  readonly request_id: string | null;
  /** How often, for refusals; 1 for everything else. */
  readonly count: number;
  readonly before: Readonly<Record<string, Value>> | null;
  readonly after: Readonly<Record<string, Value>> | null;
  readonly previous_hash: string;
  readonly hash: string;
};

/** What the first entry of a chain stands on. */
export const NO_HASH = "0".repeat(64);

/** The program's own doing, such as a provider's late answer. */
export function bySystem(merchantId: Id): Who {
  return { merchantId, actor: "system", deviceId: null, outletId: null, address: null, requestId: null };
}

/** Somebody at a device that proves who it is by more than a session, such as a code. */
export function atDevice(
  device: {
    readonly merchantId: Id;
    readonly deviceId: Id;
    readonly outletId: Id;
    readonly lastAddress: string | null;
  },
  actor: string,
): Who {
  return {
    merchantId: device.merchantId,
    actor,
    deviceId: device.deviceId,
    outletId: device.outletId,
    address: device.lastAddress,
    requestId: null,
  };
}

/** RFC 8785: no spaces, names in the order of their UTF-16 units, texts and numbers as ECMAScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(fields[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The hash of an entry, hexadecimal: SHA-256 over the canonical text of everything but the hash itself. */
export function hashOf(entry: Omit<AuditEntry, "hash">): string {
  const {
    merchant_id,
    seq,
    at,
    actor,
    action,
    subject,
    device_id,
    outlet_id,
    address,
    request_id,
    count,
    before,
    after,
    previous_hash,
  } = entry;
  const text = canonical({
    merchant_id,
    seq,
    at,
    actor,
    action,
    subject,
    device_id,
    outlet_id,
    address,
    request_id,
    count,
    before,
    after,
    previous_hash,
  });
  return createHash("sha256").update(text).digest("hex");
}
