import type { Database, IdMaker } from "../kernel/index.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Payments } from "../payments/index.ts";

/** The dependencies of every function in this module; put together in `roles.ts`. */
export type Settlement = {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly newId: IdMaker;
};
