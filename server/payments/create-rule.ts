import { isRefusal, refuse, type NewRoutingRuleBody } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { once, type Once } from "../kernel/index.ts";
import { knownProviders, type Payments } from "./context.ts";
import { changedRule, DEFAULT_RULE, MAX_ROUTING_RULES, shownRule, type RoutingRule } from "./routing-rule.ts";
import { lockRouting, selectRule, selectRules, upsertRule } from "./routing-store.ts";

/**
 * Adds a routing rule, once per key. It applies from the next payment. Refuses `routing_rule_limit`, and what
 * `changedRule` refuses.
 */
export async function createRule(
  payments: Payments,
  who: Who,
  body: NewRoutingRuleBody,
  key: string,
): Promise<Once<RoutingRule>> {
  const { merchantId } = who;
  const known = await knownProviders(payments, merchantId);
  const { answer, replayed } = await once(
    payments.database,
    { merchantId, route: "routing.rules", key },
    body,
    async (tx) => {
      await lockRouting(tx, merchantId);
      if ((await selectRules(tx, merchantId)).length >= MAX_ROUTING_RULES)
        return refuse("routing_rule_limit", { most: MAX_ROUTING_RULES });
      const empty = {
        ...DEFAULT_RULE,
        merchantId,
        ruleId: payments.newId(),
        rank: body.rank,
        providers: body.providers,
      };
      const rule = changedRule(empty, body, known);
      if (isRefusal(rule)) return rule;
      await upsertRule(tx, rule);
      await announceAudit(tx, who, { action: "routing.added", subject: rule.ruleId, after: shownRule(rule) });
      return { rule_id: rule.ruleId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer:
      (await selectRule(payments.database.kysely, merchantId, answer.rule_id)) ??
      refuse("routing_rule_unknown"),
    replayed,
  };
}
