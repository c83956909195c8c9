import type { Id } from "@onegate/contract";
import { outlets, type Outlet } from "../identity/index.ts";
import type { Database, Executor, IdMaker } from "../kernel/index.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Payments } from "../payments/index.ts";

export type Sales = {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly newId: IdMaker;
};

/** The outlet's settings, which determine tax, rounding and business day. */
export async function outletOf(executor: Executor, merchantId: Id, outletId: Id): Promise<Outlet> {
  const outlet = (await outlets(executor, merchantId)).find((one) => one.outletId === outletId);
  if (!outlet) throw new Error("a signed-in member of staff belongs to an outlet");
  return outlet;
}
