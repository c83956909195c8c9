import type { Book } from "./book.ts";
import type { Courier } from "./courier.ts";
import type { FaultPlan } from "./faults.ts";
import type { Provider } from "./provider.ts";
import type { Random } from "./random.ts";
import type { ShiftedClock } from "./time.ts";

/** What every route works on. */
export type World = {
  readonly clock: ShiftedClock;
  readonly random: Random;
  readonly book: Book;
  readonly courier: Courier;
  readonly faults: FaultPlan;
  readonly providers: ReadonlyMap<string, Provider>;
  /** The address payers reach the simulator at, without a slash at its end. */
  readonly publicUrl: () => string;
};
