import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { Origin } from "../origin.ts";
import { selectCredentials, useTotpStep } from "./store.ts";
import { stepOf } from "./totp.ts";
import type { Users } from "./user.ts";

/** Confirms by a code that the user's app has the secret. Refuses `totp_off`, `totp_on`, `totp_wrong`, in this order. */
export async function confirmTotp({ database, box, clock }: Users, userId: Id, code: string, origin: Origin): Promise<Refusal | undefined> {
  const totp = (await selectCredentials(database.kysely, "id", userId, origin.address))?.totp;
  if (!totp) return refuse("totp_off");
  if (totp.isConfirmed) return refuse("totp_on");
  const step = stepOf(box, userId, totp.secret, code, clock.now());
  const isUsed = step !== undefined && (await useTotpStep(database.kysely, userId, totp.secret, step));
  return isUsed ? undefined : refuse("totp_wrong");
}
