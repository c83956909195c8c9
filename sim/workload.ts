import type { Act } from "./acts/act.ts";
import { caseActs } from "./acts/cases.ts";
import { crowdActs } from "./acts/crowd.ts";
import { ledgerActs } from "./acts/ledger.ts";
import { networkActs } from "./acts/network.ts";
import { partActs } from "./acts/parts.ts";
import { payerActs } from "./acts/payers.ts";
import { paymentActs } from "./acts/payments.ts";
import { raceActs } from "./acts/race.ts";
import { refundActs } from "./acts/refunds.ts";
import { saleActs } from "./acts/sales.ts";
import { sealActs } from "./acts/sealing.ts";
import type { Random } from "./random.ts";

/** All acts, each with its weight. */
export const acts: readonly Act[] = [
  ...ledgerActs,
  ...crowdActs,
  ...paymentActs,
  ...saleActs,
  ...raceActs,
  ...payerActs,
  ...networkActs,
  ...partActs,
  ...refundActs,
  ...caseActs,
  ...sealActs,
];

const TOTAL_WEIGHT = acts.reduce((sum, { weight }) => sum + weight, 0);

/** What happens next. */
export function nextAct(random: Random): Act {
  let place = random.below(TOTAL_WEIGHT);
  const act = acts.find(({ weight }) => (place -= weight) < 0);
  if (!act) throw new Error("no act was chosen: the weights don't add up");
  return act;
}
