import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { RoutingRule } from "./routing-rule.ts";

type RuleRow = {
  merchant_id: Id;
  rule_id: Id;
  rank: number;
  method: string | null;
  amount_from: bigint | null;
  amount_to: bigint | null;
  time_from: string | null;
  time_to: string | null;
  providers: string[];
  is_active: boolean;
};

const COLUMNS = sql.raw(
  "merchant_id, rule_id, rank, method, amount_from, amount_to, to_char(time_from, 'HH24:MI') as time_from, " +
    "to_char(time_to, 'HH24:MI') as time_to, providers, is_active",
);

function toRule(row: RuleRow): RoutingRule {
  return {
    merchantId: row.merchant_id,
    ruleId: row.rule_id,
    rank: row.rank,
    method: row.method,
    amountFrom: row.amount_from,
    amountTo: row.amount_to,
    timeFrom: row.time_from,
    timeTo: row.time_to,
    providers: row.providers,
    isActive: row.is_active,
  };
}

/** Serialises changes of a merchant's rules: the lock is held until the commit. */
export async function lockRouting(tx: Tx, merchantId: Id): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`routing ${merchantId}`}, 0))`.execute(tx);
}

/** All rules, in the order in which they are evaluated. */
export async function selectRules(executor: Executor, merchantId: Id): Promise<RoutingRule[]> {
  const { rows } = await sql<RuleRow>`
    select ${COLUMNS} from routing_rule
     where merchant_id = ${merchantId}
     order by rank, rule_id`.execute(executor);
  return rows.map(toRule);
}

export async function selectRule(
  executor: Executor,
  merchantId: Id,
  ruleId: Id,
): Promise<RoutingRule | undefined> {
  const { rows } = await sql<RuleRow>`
    select ${COLUMNS} from routing_rule
     where merchant_id = ${merchantId} and rule_id = ${ruleId}`.execute(executor);
  return rows[0] && toRule(rows[0]);
}

export async function upsertRule(tx: Tx, rule: RoutingRule): Promise<void> {
  await sql`
    insert into routing_rule (merchant_id, rule_id, rank, method, amount_from, amount_to, time_from, time_to,
      providers, is_active)
    values (${rule.merchantId}, ${rule.ruleId}, ${rule.rank}, ${rule.method}, ${rule.amountFrom},
      ${rule.amountTo}, ${rule.timeFrom}::time, ${rule.timeTo}::time,
      ${[...rule.providers]}::text[], ${rule.isActive})
    on conflict (merchant_id, rule_id) do update
      set rank = excluded.rank, method = excluded.method,
          amount_from = excluded.amount_from, amount_to = excluded.amount_to,
          time_from = excluded.time_from, time_to = excluded.time_to,
          providers = excluded.providers, is_active = excluded.is_active`.execute(tx);
}

export async function deleteRuleRow(tx: Tx, merchantId: Id, ruleId: Id): Promise<void> {
  await sql`delete from routing_rule where merchant_id = ${merchantId} and rule_id = ${ruleId}`.execute(tx);
}
