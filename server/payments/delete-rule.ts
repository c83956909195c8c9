import { refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { inTransaction } from "../kernel/index.ts";
import type { Payments } from "./context.ts";
import { shownRule } from "./routing-rule.ts";
import { deleteRuleRow, lockRouting, selectRule } from "./routing-store.ts";

/** Deletes a routing rule. Payments keep the reason for their routing. Refuses `routing_rule_unknown`. */
export async function deleteRule({ database }: Payments, who: Who, ruleId: Id): Promise<Refusal | undefined> {
  return inTransaction(database, async (tx) => {
    await lockRouting(tx, who.merchantId);
    const rule = await selectRule(tx, who.merchantId, ruleId);
    if (!rule) return refuse("routing_rule_unknown");
    await deleteRuleRow(tx, who.merchantId, ruleId);
    await announceAudit(tx, who, { action: "routing.removed", subject: ruleId, before: shownRule(rule) });
    return undefined;
  });
}
