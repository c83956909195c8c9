import {
  checkedToMinor,
  IDR,
  IdSchema,
  isRefusal,
  money,
  NewRoutingRuleSchema,
  ProblemSchema,
  refuse,
  RoutingPreviewSchema,
  RoutingRuleChangeSchema,
  RoutingRuleSchema,
  toDecimal,
  type RoutingRuleBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { merchantOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http } from "../kernel/index.ts";
import { changeRule } from "./change-rule.ts";
import type { Payments } from "./context.ts";
import { createRule } from "./create-rule.ts";
import { deleteRule } from "./delete-rule.ts";
import { explain, routesFor } from "./route.ts";
import type { RoutingRule } from "./routing-rule.ts";
import { selectRules } from "./routing-store.ts";

const tags = ["routing"];
const service = "payments";
const read = { right: "routing.read", service } as const;
const manage = { right: "routing.manage", service } as const;
const problems = { "4xx": ProblemSchema, "5xx": ProblemSchema };
const IdParams = Type.Object({ id: IdSchema });
const Preview = Type.Object(
  {
    method: Type.String({ minLength: 1, maxLength: 32, description: "as `create-payment` takes it" }),
    amount: Type.String({ maxLength: 40 }),
  },
  { additionalProperties: false },
);

/** Routes for the owner's routing rules, which decide the provider that is tried first. */
export function routingRoutes(http: Http, payments: Payments): void {
  const { kysely } = payments.database;

  http.get(
    "/api/v1/routing/rules",
    {
      config: read,
      schema: {
        tags,
        summary: "The routing rules, in the order in which they are looked at",
        response: { 200: Type.Object({ rules: Type.Array(RoutingRuleSchema) }), ...problems },
      },
    },
    async (request) => ({
      rules: (await selectRules(kysely, merchantOf(request))).map(ruleBody),
    }),
  );

  http.post(
    "/api/v1/routing/rules",
    {
      config: manage,
      schema: {
        tags,
        summary: "Add a rule; once per Idempotency-Key",
        body: NewRoutingRuleSchema,
        response: { 201: RoutingRuleSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const { answer: rule, replayed } = await createRule(payments, whoOf(request), request.body, key);
      return answerOnce(request, reply, { answer: isRefusal(rule) ? rule : ruleBody(rule), replayed }, 201);
    },
  );

  http.patch(
    "/api/v1/routing/rules/:id",
    {
      config: manage,
      schema: {
        tags,
        summary: "Change a rule",
        params: IdParams,
        body: RoutingRuleChangeSchema,
        response: { 200: RoutingRuleSchema, ...problems },
      },
    },
    async (request, reply) => {
      const rule = await changeRule(payments, whoOf(request), request.params.id, request.body);
      return answer(request, reply, isRefusal(rule) ? rule : ruleBody(rule));
    },
  );

  http.delete(
    "/api/v1/routing/rules/:id",
    {
      config: manage,
      schema: {
        tags,
        summary: "Delete a rule",
        params: IdParams,
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      const refusal = await deleteRule(payments, whoOf(request), request.params.id);
      return answer(request, reply, refusal ?? null, 204);
    },
  );

  http.get(
    "/api/v1/routing/preview",
    {
      config: read,
      schema: {
        tags,
        summary: "What a payment would be tried on now, best first, and why",
        querystring: Preview,
        response: { 200: RoutingPreviewSchema, ...problems },
      },
    },
    async (request, reply) => {
      const minor = checkedToMinor(request.query.amount, IDR);
      if (isRefusal(minor)) return answer(request, reply, minor);
      if (minor <= 0n) return answer(request, reply, refuse("amount_not_positive"));
      const amount = money(minor, IDR);
      const routes = await routesFor(payments, kysely, merchantOf(request), request.query.method, amount);
      if (isRefusal(routes)) return answer(request, reply, routes);
      const [first] = routes;
      return { candidates: first ? explain(routes, first, amount) : [] };
    },
  );
}

function ruleBody({
  ruleId,
  rank,
  method,
  amountFrom,
  amountTo,
  timeFrom,
  timeTo,
  providers,
  isActive,
}: RoutingRule): RoutingRuleBody {
  const text = (minor: bigint | null) => (minor === null ? null : toDecimal(money(minor, IDR)));
  return {
    id: ruleId,
    rank,
    method: method as RoutingRuleBody["method"],
    amount_from: text(amountFrom),
    amount_to: text(amountTo),
    time_from: timeFrom,
    time_to: timeTo,
    providers: [...providers],
    active: isActive,
  };
}
