import { isRefusal, newId, refuse, type EnrolBody, type Id, type Refusal } from "@onegate/contract";
import { inTransaction, type Database, type Tx } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { atDevice } from "../audit/entry.ts";
import { newToken, tokenHash } from "../secret.ts";
import { deleteTries, lockTries, updateTries } from "../users/store.ts";
import { codeTries } from "../users/tries.ts";
import { codeHash } from "./code.ts";
import type { CodePurpose, Device } from "./device.ts";
import { insertDevice, selectDeviceByToken, useCode, type NewDevice } from "./store.ts";

export type Place = { readonly merchantId: Id; readonly outletId: Id };

/** A device with its token, which is shown only once. */
export type Enrolled = { readonly device: Device; readonly token: string };

type Input = Pick<EnrolBody, "code" | "name"> & { readonly address: string };

/**
 * Enrols a device by a code, or without one as a till of the demo shop, if it is open. Refuses
 * `sign_in_delayed`, `device_code_unknown`.
 */
export async function enrol(
  database: Database,
  { code, name, address }: Input,
  demo?: Place,
): Promise<Enrolled | Refusal> {
  if (code !== undefined) {
    return withCode(database, code, "device", address, (tx, used) =>
      enrolIn(tx, { ...used, name: name ?? used.name, enrolledBy: used.madeBy, lastAddress: address }),
    );
  }
  if (!demo) return refuse("device_code_unknown");
  return inTransaction(database, (tx) =>
    enrolIn(tx, { ...demo, name: name ?? "Kasir contoh", enrolledBy: null, lastAddress: address }),
  );
}

export async function enrolIn(tx: Tx, device: Omit<NewDevice, "deviceId" | "hash">): Promise<Enrolled> {
  const { token, hash } = newToken();
  const enrolled = await insertDevice(tx, { ...device, deviceId: newId(), hash });
  const { deviceId, outletId, name, enrolledBy } = enrolled;
  // the actor is the person who made the code, wherever the device is
  await announceAudit(tx, atDevice(enrolled, enrolledBy ?? "anyone"), {
    action: "device.enrolled",
    subject: deviceId,
    after: { name, outlet_id: outletId },
  });
  return { device: enrolled, token };
}

type UsedCode = {
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly name: string;
  readonly madeBy: Id | null;
};

/**
 * Runs `effect` in the transaction that uses up a code. If it refuses, the code stays usable. Guesses are
 * counted by address before the code is looked up. Refuses `sign_in_delayed`, `device_code_unknown`, and what
 * `effect` refuses.
 */
export async function withCode<T>(
  database: Database,
  code: string,
  purpose: CodePurpose,
  address: string,
  effect: (tx: Tx, used: UsedCode) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const refusal = await countGuess(database, address);
  if (refusal) return refusal;
  const hash = codeHash(code);
  if (!hash) return refuse("device_code_unknown");
  return inTransaction<T | Refusal>(database, async (tx) => {
    const used = await useCode(tx, hash, purpose);
    if (!used) return refuse("device_code_unknown");
    await forgetGuesses(tx, address);
    const result = await effect(tx, used);
    if (isRefusal(result)) throw new EffectRefused(result);
    return result;
  }).catch((error: unknown) => {
    if (error instanceof EffectRefused) return error.refusal;
    throw error;
  });
}

/** Counts a guess at a code from an address. Refuses `sign_in_delayed`. */
export async function countGuess(database: Database, address: string): Promise<Refusal | undefined> {
  return inTransaction(database, async (tx) => {
    const limits = codeTries(address);
    const seconds = await lockTries(tx, limits);
    if (seconds > 0) return refuse("sign_in_delayed", { seconds });
    await updateTries(tx, limits);
    return undefined;
  });
}

/** Clears the count of guesses after a right one. */
export function forgetGuesses(tx: Tx, address: string): Promise<void> {
  return deleteTries(tx, codeTries(address));
}

/** Rolls back the transaction that uses a code. */
class EffectRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.refusal);
    this.refusal = refusal;
  }
}

/** The device of a request, by the token in its header. Refuses `device_unknown`, `device_revoked`. */
export async function knownDevice(
  database: Database,
  uncheckedToken: unknown,
  address: string,
): Promise<Device | Refusal> {
  const device =
    typeof uncheckedToken === "string"
      ? await selectDeviceByToken(database.kysely, tokenHash(uncheckedToken), address)
      : undefined;
  if (!device) return refuse("device_unknown");
  return device.revokedAt ? refuse("device_revoked") : device;
}
