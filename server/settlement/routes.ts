import {
  CaseDecisionSchema,
  CaseStateSchema,
  DaySchema,
  IdSchema,
  isRefusal,
  LayoutSchema,
  money,
  ProblemSchema,
  refuse,
  SettlementCaseSchema,
  SettlementCasesSchema,
  StatementRowSchema,
  StatementSchema,
  toDecimal,
  toWire,
  UnverifiedSchema,
  WELL_FORMED,
  WRITABLE,
  type Id,
  type SettlementCaseBody,
  type StatementBody,
  type StatementRowBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { merchantOf, merchants, outletScopeOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Executor, type Http } from "../kernel/index.ts";
import { CASE_ACTIONS, nextOf } from "./case.ts";
import type { Settlement } from "./context.ts";
import { dayBody } from "./day.ts";
import { decideCase } from "./decide-case.ts";
import { importStatement } from "./import-statement.ts";
import { layouts } from "./layout.ts";
import { isDay } from "./moment.ts";
import { reconcileDay } from "./reconcile-day.ts";
import type { Statement } from "./statement.ts";
import {
  selectCases,
  selectOutcomes,
  selectShownRows,
  selectStatement,
  selectStatements,
  selectSuspense,
  type ShownCase,
  type ShownRow,
} from "./store.ts";
import { openUnverifiedCase, unverifiedBody } from "./unverified.ts";
import { ordersThatFit } from "./verify-rows.ts";

const tags = ["settlement"];
const service = "settlement";
const read = { right: "settlement.read", service };
const act = { right: "settlement.act", service };
const OneId = Type.Object({ id: IdSchema });
const Provider = Type.String({ pattern: "^[a-z][a-z0-9_]{0,19}$" });
/** Room for a month of a busy shop. */
const STATEMENT_LIMIT_BYTES = 1_048_576;
const DEFAULT_ROWS = 200;
const CASE_BATCH_SIZE = 500;

/** The routes of settlement: statements, the cases that they open, and the days. */
export function settlementRoutes(http: Http, settlement: Settlement): void {
  const { kysely } = settlement.database;

  http.get(
    "/api/v1/settlement/layouts",
    {
      config: read,
      schema: {
        tags,
        summary: "The layouts of providers' files; a mapping given with an import overrides them",
        response: {
          200: Type.Object({ layouts: Type.Record(Type.String(), LayoutSchema) }),
          "4xx": ProblemSchema,
        },
      },
    },
    async () => ({ layouts }),
  );

  // accept a file with any content type that a browser may send
  void http.register(async (scope: Http) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.post(
      "/api/v1/settlement/statements",
      {
        bodyLimit: STATEMENT_LIMIT_BYTES,
        config: { ...act, statements: "report" },
        schema: {
          tags,
          summary:
            "Import a provider's statement (the CSV file is the body); " +
            "sending the same file again returns the same statement with status 200",
          querystring: Type.Object({
            provider: Provider,
            layout: Type.Optional(
              Type.String({
                maxLength: 20,
                description: "the provider's own layout by default, if there is one, or else plain",
              }),
            ),
            mapping: Type.Optional(
              Type.String({ maxLength: 8_000, description: "JSON: what differs from the layout" }),
            ),
            name: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 200,
                pattern: WRITABLE,
                format: WELL_FORMED,
                description: "the name of the file",
              }),
            ),
          }),
          response: { 200: StatementSchema, 201: StatementSchema, "4xx": ProblemSchema },
        },
      },
      async (request, reply) => {
        const { provider, mapping, name } = request.query;
        const layout = request.query.layout ?? (Object.hasOwn(layouts, provider) ? provider : "plain");
        const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const imported = await importStatement(settlement, whoOf(request), {
          provider,
          layout,
          mapping,
          name: name ?? `${provider}.csv`,
          bytes,
        });
        if (isRefusal(imported)) return answer(request, reply, imported);
        return reply.code(imported.isNew ? 201 : 200).send(await statementBody(kysely, imported.statement));
      },
    );
  });

  http.get(
    "/api/v1/settlement/statements",
    {
      config: read,
      schema: {
        tags,
        summary: "Statements, newest first",
        querystring: Type.Object({ provider: Type.Optional(Provider), before: Type.Optional(IdSchema) }),
        response: { 200: Type.Object({ statements: Type.Array(StatementSchema) }), "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const found = await selectStatements(kysely, merchantOf(request), { ...request.query, limit: 50 });
      return { statements: await Promise.all(found.map((one) => statementBody(kysely, one))) };
    },
  );

  http.get(
    "/api/v1/settlement/statements/:id",
    {
      config: read,
      schema: {
        tags,
        summary: "One statement with its rows, in the order of the file, after a line",
        params: OneId,
        querystring: Type.Object({
          after: Type.Optional(Type.String({ pattern: "^[0-9]{1,7}$" })),
          limit: Type.Optional(Type.String({ pattern: "^([1-9][0-9]{0,2}|1000)$" })),
        }),
        response: {
          200: Type.Object({ statement: StatementSchema, rows: Type.Array(StatementRowSchema) }),
          "4xx": ProblemSchema,
        },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      const statement = await selectStatement(kysely, merchantId, { statementId: request.params.id });
      if (!statement) return answer(request, reply, refuse("statement_unknown"));
      const rows = await selectShownRows(
        kysely,
        merchantId,
        statement.statementId,
        Number(request.query.after ?? 0),
        Number(request.query.limit ?? DEFAULT_ROWS),
      );
      return {
        statement: await statementBody(kysely, statement),
        rows: rows.map((row) => rowBody(statement, row)),
      };
    },
  );

  http.get(
    "/api/v1/settlement/cases",
    {
      config: read,
      schema: {
        tags,
        summary: "Differences to decide on, newest first, and money in suspense",
        querystring: Type.Object({
          state: Type.Optional(CaseStateSchema),
          statement_id: Type.Optional(IdSchema),
        }),
        response: { 200: SettlementCasesSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const [merchantId, outletId] = [merchantOf(request), outletScopeOf(request)];
      const { state, statement_id: statementId } = request.query;
      const cases = await selectCases(kysely, merchantId, {
        state,
        statementId,
        outletId,
        limit: CASE_BATCH_SIZE,
      });
      const fits = await ordersThatFit(kysely, merchantId, cases, outletId);
      const suspense =
        statementId === undefined ? await selectSuspense(kysely, merchantId, outletId, CASE_BATCH_SIZE) : [];
      return {
        cases: cases.map((one) => caseBody(one, fits.get(one.caseId))),
        suspense: suspense.map((one) => ({
          id: one.caseId,
          provider: one.provider,
          reference: one.reference,
          payment_id: one.paymentId,
          reason: one.reason,
          amount: toWire(money(one.amount, one.currency)),
          state: one.state,
          opened_at: one.openedAt.toISOString(),
        })),
      };
    },
  );

  http.get(
    "/api/v1/settlement/cases/:id",
    {
      config: read,
      schema: {
        tags,
        summary: "One difference",
        params: OneId,
        response: { 200: SettlementCaseSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const outletId = outletScopeOf(request);
      const [found] = await selectCases(kysely, merchantOf(request), {
        caseId: request.params.id,
        outletId,
        limit: 1,
      });
      if (!found) return answer(request, reply, refuse("case_unknown"));
      return caseBody(
        found,
        (await ordersThatFit(kysely, found.merchantId, [found], outletId)).get(found.caseId),
      );
    },
  );

  http.get(
    "/api/v1/settlement/unverified",
    {
      config: read,
      schema: {
        tags,
        summary: "Payments by the printed QRIS that no statement lists yet, with their total",
        response: { 200: UnverifiedSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => unverifiedBody(kysely, merchantOf(request), outletScopeOf(request)),
  );

  http.post(
    "/api/v1/settlement/unverified/:id/case",
    {
      config: act,
      schema: {
        tags,
        summary:
          "Open the case of a payment by the printed QRIS before it is due, to verify it by hand; " +
          "repeating the request returns the same case",
        params: OneId,
        response: { 200: SettlementCaseSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      const caseId = await openUnverifiedCase(settlement, merchantId, request.params.id);
      if (isRefusal(caseId)) return answer(request, reply, caseId);
      const [found] = await selectCases(kysely, merchantId, { caseId, limit: 1 });
      return answer(request, reply, found ? caseBody(found) : refuse("case_unknown"));
    },
  );

  http.post(
    "/api/v1/settlement/cases/:id/decisions",
    {
      config: act,
      schema: {
        tags,
        summary: "Decide a difference; once per Idempotency-Key",
        params: OneId,
        body: CaseDecisionSchema,
        response: { 200: SettlementCaseSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const { action, reason, order_id: orderId, reference } = request.body;
      const { answer: decided, replayed } = await decideCase(
        settlement,
        whoOf(request),
        request.params.id,
        { action, reason, orderId, reference },
        key,
      );
      return answerOnce(request, reply, {
        answer: isRefusal(decided) ? decided : caseBody(decided),
        replayed,
      });
    },
  );

  http.get(
    "/api/v1/settlement/days/:date",
    {
      config: { ...read, statements: "report" },
      schema: {
        tags,
        summary: "A business day: till, payments, statements and ledger, and the documents at fault",
        params: Type.Object({ date: Type.String({ maxLength: 10 }) }),
        response: { 200: DaySchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      if (!isDay(request.params.date))
        return answer(
          request,
          reply,
          refuse("request_invalid", {
            field: "params/date",
            problem: "is not a valid date, YYYY-MM-DD",
          }),
        );
      const merchant = await requireMerchant(kysely, merchantOf(request));
      return dayBody(await reconcileDay(settlement.database, merchant, request.params.date));
    },
  );
}

async function requireMerchant(executor: Executor, merchantId: Id) {
  const merchant = (await merchants(executor)).find((one) => one.merchantId === merchantId);
  if (!merchant) throw new Error("the merchant of a signed-in member of staff was not found");
  return merchant;
}

async function statementBody(executor: Executor, statement: Statement): Promise<StatementBody> {
  const wire = (minor: bigint) => toWire(money(minor, statement.currency));
  const sums = ({ gross, fee, net }: { gross: bigint; fee: bigint; net: bigint }) => ({
    gross: wire(gross),
    fee: wire(fee),
    net: wire(net),
  });
  return {
    id: statement.statementId,
    provider: statement.provider,
    name: statement.name,
    sha256: statement.sha256,
    layout: statement.layout,
    period_from: statement.periodFrom,
    period_to: statement.periodTo,
    rows: statement.rows,
    skipped: statement.skipped,
    ...sums(statement),
    mdr: statement.mdr.map(({ class: mdrClass, basisPoints, rows, differing, gross, fee, expected }) => ({
      class: mdrClass,
      basis_points: basisPoints,
      rows,
      differing,
      gross: wire(gross),
      fee: wire(fee),
      expected: wire(expected),
      over: wire(fee - expected),
    })),
    state: statement.state,
    imported_at: statement.importedAt.toISOString(),
    by_outcome: (await selectOutcomes(executor, statement.merchantId, statement.statementId)).map((one) => ({
      outcome: one.outcome,
      rows: one.rows,
      ...sums(one),
    })),
  };
}

function rowBody({ currency }: Statement, row: ShownRow): StatementRowBody {
  const text = (minor: bigint) => toDecimal(money(minor, currency));
  return {
    id: row.rowId,
    line: row.line,
    kind: row.kind,
    reference: row.reference,
    merchant_ref: row.merchantRef,
    gross: text(row.gross),
    fee: text(row.fee),
    net: text(row.net),
    paid_day: row.paidDay,
    paid_time: row.paidTime,
    settled_day: row.settledDay,
    outcome: row.outcome,
    document_kind: row.documentKind,
    document_id: row.documentId,
    case_id: row.caseId,
    raw: row.raw,
  };
}

function caseBody(one: ShownCase, fits: readonly string[] = []): SettlementCaseBody {
  const text = (minor: bigint) => toDecimal(money(minor, one.currency));
  return {
    id: one.caseId,
    provider: one.provider,
    kind: one.kind,
    state: one.state,
    statement_id: one.statementId,
    line: one.line,
    reference: one.reference,
    document_kind: one.documentKind,
    document_id: one.documentId,
    payment_id: one.paymentId,
    currency: one.currency,
    gross_over: text(one.grossOver),
    fee_over: text(one.feeOver),
    net_over: text(one.grossOver - one.feeOver),
    actions: CASE_ACTIONS.filter((action) => nextOf(one, action) !== undefined),
    fits: [...fits],
    opened_at: one.openedAt.toISOString(),
    decisions: one.decisions.map(({ event, staffName, reason, orderId, decidedAt }) => ({
      action: event,
      by: staffName,
      reason,
      order_id: orderId,
      at: decidedAt.toISOString(),
    })),
  };
}
