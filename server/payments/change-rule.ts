import { isRefusal, refuse, type Id, type Refusal, type RoutingRuleChangeBody } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { inTransaction } from "../kernel/index.ts";
import { knownProviders, type Payments } from "./context.ts";
import { changedRule, shownRule, type RoutingRule } from "./routing-rule.ts";
import { lockRouting, selectRule, upsertRule } from "./routing-store.ts";

/** Changes a routing rule. Refuses `routing_rule_unknown`, and what `changedRule` refuses. */
export async function changeRule(
  payments: Payments,
  who: Who,
  ruleId: Id,
  body: RoutingRuleChangeBody,
): Promise<RoutingRule | Refusal> {
  const known = await knownProviders(payments, who.merchantId);
  return inTransaction(payments.database, async (tx) => {
    await lockRouting(tx, who.merchantId);
    const before = await selectRule(tx, who.merchantId, ruleId);
    if (!before) return refuse("routing_rule_unknown");
    const rule = changedRule(before, body, known);
    if (isRefusal(rule)) return rule;
    await upsertRule(tx, rule);
    await announceAudit(tx, who, {
      action: "routing.changed",
      subject: ruleId,
      before: shownRule(before),
      after: shownRule(rule),
    });
    return rule;
  });
}
