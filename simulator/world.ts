import type { Book } from "./book.ts";
import type { Courier } from "./courier.ts";
import type { Credential } from "./credential.ts";
import type { FaultPlan } from "./faults.ts";
import type { Random } from "./random.ts";
import type { ShiftedClock } from "./time.ts";

/** What every route works on. */
export type World = {
  readonly clock: ShiftedClock;
  readonly random: Random;
  readonly book: Book;
  readonly courier: Courier;
  readonly faults: FaultPlan;
  readonly credentials: readonly Credential[];
  /** Who bears the fee, a setting of the merchant's account. */
  readonly feePayer: "merchant" | "customer";
  /** Where callbacks go when a transaction names no address, as the merchant's menu has it. */
  readonly callbackUrl: string | null;
  /** The address payers reach the simulator at, without a slash at its end. */
  readonly publicUrl: () => string;
};
