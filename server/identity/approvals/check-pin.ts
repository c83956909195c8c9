import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { Database } from "../../kernel/index.ts";
import { whyNot, type Right } from "../rights.ts";
import { isSecret } from "../secret.ts";
import { clearTries, countTry } from "../store.ts";

/** Who proved to be somebody by PIN, and what he may do. */
export type ByPin = { readonly name: string; may(right: Right): boolean };

/** Refuses `staff_unknown`, `pin_delayed`, `pin_wrong`, in this order. */
export async function checkPin(database: Database, { merchantId, staffId }: { merchantId: Id; staffId: Id }, pin: string): Promise<ByPin | Refusal> {
  const tried = await countTry(database.kysely, merchantId, staffId);
  if (!tried) return refuse("staff_unknown");
  if (tried.waitSeconds > 0) return refuse("pin_delayed", { seconds: tried.waitSeconds });
  if (!(await isSecret(pin, tried.pinHash))) return refuse("pin_wrong");
  await clearTries(database.kysely, merchantId, staffId);
  return { name: tried.name, may: (right) => whyNot(tried.role, right) === undefined };
}
