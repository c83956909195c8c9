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

/** A device with its token, which is shown this once. */
export type Enrolled = { readonly device: Device; readonly token: string };

type Asked = Pick<EnrolBody, "code" | "name"> & { readonly address: string };

/** Enrols a device by a code; where a demo shop is open, without one as its till. Refuses `sign_in_delayed`, `device_code_unknown`. */
export async function enrol(
  database: Database,
  { code, name, address }: Asked,
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
  // who made the code let the device in, wherever it stands
  await announceAudit(tx, atDevice(enrolled, enrolledBy ?? "anyone"), {
    action: "device.enrolled",
    subject: deviceId,
    after: { name, outlet_id: outletId },
  });
  return { device: enrolled, token };
}

type Used = {
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly name: string;
  readonly madeBy: Id | null;
};

/** Does something by a code, in the transaction that uses it up; a refusal leaves it usable. Guesses are counted by address before a code is looked up. Refuses `sign_in_delayed`, `device_code_unknown`. */
export async function withCode<T>(
  database: Database,
  code: string,
  purpose: CodePurpose,
  address: string,
  effect: (tx: Tx, used: Used) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const refusal = await countGuess(database, address);
  if (refusal) return refusal;
  const hash = codeHash(code);
  if (!hash) return refuse("device_code_unknown");
  return inTransaction<T | Refusal>(database, async (tx) => {
    const used = await useCode(tx, hash, purpose);
    if (!used) return refuse("device_code_unknown");
    await forgetGuesses(tx, address);
    const done = await effect(tx, used);
    if (isRefusal(done)) throw new NotUsed(done);
    return done;
  }).catch((error: unknown) => {
    if (error instanceof NotUsed) return error.refusal;
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

/** A guess was right. */
export function forgetGuesses(tx: Tx, address: string): Promise<void> {
  return deleteTries(tx, codeTries(address));
}

class NotUsed extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.refusal);
    this.refusal = refusal;
  }
}

/** The device that a request comes from, by the token in its header. Refuses `device_unknown`, `device_revoked`. */
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
