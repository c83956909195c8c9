import type { SecretBox } from "../identity/index.ts";
import type { AddressRules, Clock, Database, IdMaker, Log } from "../kernel/index.ts";
import type { DeliveryMetrics } from "./metrics.ts";

export type Deliveries = {
  readonly database: Database;
  readonly box: SecretBox;
  /** Which addresses webhooks may be sent to. */
  readonly rules: AddressRules;
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly log: Log;
  readonly metrics: DeliveryMetrics;
};
