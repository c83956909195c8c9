import type { Id } from "@onegate/contract";
import { createHash } from "node:crypto";
import type { Value } from "./actions.ts";

/** The actor and origin of an action. Taken from the request and passed to verbs as one value. */
export type Who = {
  readonly merchantId: Id;
  /**
   * A staff member's or user's id, `key:` and a key's id, `sandbox`, `anyone`, or `system` for the program
   * itself.
   */
  readonly actor: string;
  readonly deviceId: Id | null;
  readonly outletId: Id | null;
  readonly address: string | null;
  readonly requestId: string | null;
};

/**
 * An entry of a merchant's audit trail, with the field names of an export. Times are UTC strings with
 * microseconds.
 */
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
  /** How many refusals the entry stands for; 1 for everything else. */
  readonly count: number;
  readonly before: Readonly<Record<string, Value>> | null;
  readonly after: Readonly<Record<string, Value>> | null;
  readonly previous_hash: string;
  readonly hash: string;
};

/** The previous hash of the first entry of a chain. */
export const NO_HASH = "0".repeat(64);

/** The program itself as the actor, such as on a provider's late answer. */
export function bySystem(merchantId: Id): Who {
  return { merchantId, actor: "system", deviceId: null, outletId: null, address: null, requestId: null };
}

/** An actor at a device who has no session yet, such as one who enters a code. */
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

/**
 * Canonical JSON (RFC 8785): no spaces, names in UTF-16 order, strings and numbers as ECMAScript writes them.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(fields[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The hash of an entry, hexadecimal: SHA-256 of the canonical JSON of all its fields except the hash. */
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
