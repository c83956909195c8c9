import { refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../kernel/index.ts";
import { isSecret, newToken } from "./secret.ts";
import { type Staff } from "./staff.ts";
import { countTry, insertSession } from "./store.ts";

export type Session = { readonly token: string; readonly expiresAt: Date; readonly staff: Staff };

/** A working day: who starts in the morning is still signed in at night. */
const SESSION_HOURS = 14;

/** Opens the till for a staff member by PIN. Refuses `staff_unknown`, `pin_delayed`, `pin_wrong`, in this order. */
export async function unlock(database: Database, merchantId: Id, staffId: Id, pin: string): Promise<Session | Refusal> {
  const tried = await countTry(database.kysely, merchantId, staffId);
  if (!tried) return refuse("staff_unknown");
  if (tried.waitSeconds > 0) return refuse("pin_delayed", { seconds: tried.waitSeconds });
  if (!(await isSecret(pin, tried.pinHash))) return refuse("pin_wrong");
  const { token, hash } = newToken();
  const expiresAt = await inTransaction(database, (tx) => insertSession(tx, merchantId, staffId, hash, SESSION_HOURS));
  return { token, expiresAt, staff: { staffId, name: tried.name, role: tried.role } };
}
