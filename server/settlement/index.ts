export {
  caseLifecycle,
  nextOf,
  type CaseAction,
  type CaseKind,
  type CaseState,
  type SettlementCase,
} from "./case.ts";
export { type Settlement } from "./context.ts";
export { dayBody, type Day, type DayBreak } from "./day.ts";
export { decideCase } from "./decide-case.ts";
export { importStatement } from "./import-statement.ts";
export { SETTLE_DAILY, settleDaily } from "./jobs.ts";
export { isDay } from "./moment.ts";
export { reconcileDay } from "./reconcile-day.ts";
export { review } from "./review.ts";
export { settlementRoutes } from "./routes.ts";
export { type Statement } from "./statement.ts";
export { openUnverified } from "./unverified.ts";
export { selectBreaches as settlementBreaches } from "./store.ts";
