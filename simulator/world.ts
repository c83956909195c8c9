import type { Book } from "./book.ts";
import type { Courier } from "./courier.ts";
import type { FaultPlan } from "./faults.ts";
import type { Provider } from "./provider.ts";
import type { Random } from "./random.ts";
import type { ShiftedClock } from "./time.ts";

/** The shared state of all routes. */
export type World = {
  readonly clock: ShiftedClock;
  readonly random: Random;
  readonly book: Book;
  readonly courier: Courier;
  readonly faults: FaultPlan;
  readonly providers: ReadonlyMap<string, Provider>;
  /** The URL at which payers reach the simulator, without a trailing slash. */
  readonly publicUrl: () => string;
};
