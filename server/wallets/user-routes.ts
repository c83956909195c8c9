import {
  CaptureSchema,
  IdSchema,
  isRefusal,
  NewHoldSchema,
  NewOrderPaymentSchema,
  NewTopupSchema,
  NewTransferSchema,
  NewWalletAccountSchema,
  NewWalletPaymentSchema,
  NewWalletRefundSchema,
  NewWithdrawalSchema,
  OperationSchema,
  ProblemSchema,
  refuse,
  TopupSchema,
  WalletAccountSchema,
  WalletAccountsSchema,
  WalletBalanceSchema,
  WalletDaysSchema,
  WalletHistorySchema,
  WalletLimitsSchema,
  WalletSchema,
  WalletStatementSchema,
  WithdrawalSchema,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { userOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http, type Once } from "../kernel/index.ts";
import { aliases } from "./aliases.ts";
import { operationBody, withdrawalBody } from "./body.ts";
import { capture } from "./capture.ts";
import type { Decider, Wallets } from "./context.ts";
import { endWithdrawal } from "./end-withdrawal.ts";
import { hold } from "./hold.ts";
import { openAccount } from "./open-account.ts";
import { payOrder } from "./pay-order.ts";
import { pay } from "./pay.ts";
import {
  listAccounts,
  readBalance,
  readDays,
  readHistory,
  readLimits,
  readStatement,
  readWallet,
} from "./read.ts";
import { refund } from "./refund.ts";
import { release } from "./release.ts";
import { send } from "./send.ts";
import { selectOperation } from "./store.ts";
import { readTopup, topUp } from "./topup.ts";
import { withdraw } from "./withdraw.ts";

const tags = ["wallet"];
const service = "wallet";
const problems = { "4xx": ProblemSchema, 503: ProblemSchema } as const;
const One = Type.Object({ id: IdSchema });
const named = { account_id: Type.Optional(IdSchema), currency: Type.Optional(Type.String({ maxLength: 8 })) };
const Limit = Type.Optional(Type.String({ pattern: "^([1-9]|[1-9][0-9]|100)$" }));
const Day = Type.String({ format: "date", pattern: "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$" });
const Named = Type.Object(named, { additionalProperties: false });
const BalanceQuery = Type.Object(
  {
    ...named,
    at: Type.Optional(
      Type.String({ maxLength: 40, description: "a moment, such as 2026-11-21T17:00:00+07:00" }),
    ),
  },
  { additionalProperties: false },
);
const StatementQuery = Type.Object(
  { ...named, cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,18}$" })), limit: Limit },
  { additionalProperties: false },
);
const DaysQuery = Type.Object({ ...named, from: Day, to: Day }, { additionalProperties: false });
const HistoryQuery = Type.Object(
  {
    account_id: Type.Optional(IdSchema),
    type: Type.Optional(Type.Enum(["TOPUP", "PAYMENT", "REFUND", "TRANSFER"])),
    status: Type.Optional(Type.Enum(["PENDING", "SUCCESS", "FAILED", "CANCELLED"])),
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Limit,
  },
  { additionalProperties: false },
);

/** The routes for users: their own wallet, and what payees may do with payments to them. */
export function walletUserRoutes(http: Http, wallets: Wallets): void {
  void http.register(async (scope: Http) => {
    scope.addHook("onRoute", (route) => {
      const url = aliases[`${String(route.method)} ${route.url}`];
      if (url) scope.route({ ...route, url });
    });
    resources(scope, wallets);
  });
}

function resources(http: Http, wallets: Wallets): void {
  /** Runs `verb` with the request's idempotency key and sends its answer. */
  const byKey = async <T>(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    verb: (key: string) => Promise<Once<T>>,
  ): Promise<FastifyReply> => {
    const key = keyOf(request);
    return isRefusal(key) ? answer(request, reply, key) : answerOnce(request, reply, await verb(key), status);
  };

  http.get(
    "/api/v1/wallet",
    {
      config: { right: "wallet.read", service, statements: "list" },
      schema: { tags, summary: "An overview of the wallet", response: { 200: WalletSchema, ...problems } },
    },
    async (request, reply) => answer(request, reply, await readWallet(wallets, userOf(request))),
  );
  http.get(
    "/api/v1/wallet/accounts",
    {
      config: { right: "wallet.read", service },
      schema: { tags, summary: "The user's accounts", response: { 200: WalletAccountsSchema, ...problems } },
    },
    async (request, reply) => {
      const accounts = await listAccounts(wallets, userOf(request));
      return answer(request, reply, isRefusal(accounts) ? accounts : { accounts });
    },
  );
  http.post(
    "/api/v1/wallet/accounts",
    {
      config: { right: "wallet.open", service },
      schema: {
        tags,
        summary: "Open an account in a currency",
        body: NewWalletAccountSchema,
        response: { 201: WalletAccountSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) => openAccount(wallets, userOf(request), request.body, key)),
  );
  http.get(
    "/api/v1/wallet/balance",
    {
      config: { right: "wallet.read", service },
      schema: {
        tags,
        summary: "A balance, now or as of a moment",
        querystring: BalanceQuery,
        response: { 200: WalletBalanceSchema, ...problems },
      },
    },
    async (request, reply) =>
      answer(request, reply, await readBalance(wallets, userOf(request), request.query)),
  );
  http.get(
    "/api/v1/wallet/statement",
    {
      config: { right: "wallet.read", service, statements: "list" },
      schema: {
        tags,
        summary: "An account's entries, newest first",
        querystring: StatementQuery,
        response: { 200: WalletStatementSchema, ...problems },
      },
    },
    async (request, reply) =>
      answer(request, reply, await readStatement(wallets, userOf(request), request.query)),
  );
  http.get(
    "/api/v1/wallet/days",
    {
      config: { right: "wallet.read", service, statements: "list" },
      schema: {
        tags,
        summary: "An account's balances day by day",
        querystring: DaysQuery,
        response: { 200: WalletDaysSchema, ...problems },
      },
    },
    async (request, reply) => answer(request, reply, await readDays(wallets, userOf(request), request.query)),
  );
  http.get(
    "/api/v1/wallet/history",
    {
      config: { right: "wallet.read", service, statements: "list" },
      schema: {
        tags,
        summary: "The user's history in every state, newest first",
        querystring: HistoryQuery,
        response: { 200: WalletHistorySchema, ...problems },
      },
    },
    async (request, reply) => {
      const { account_id: accountId, ...query } = request.query;
      return answer(request, reply, await readHistory(wallets, userOf(request), { ...query, accountId }));
    },
  );
  http.get(
    "/api/v1/wallet/limits",
    {
      config: { right: "wallet.read", service },
      schema: {
        tags,
        summary: "An account's limits, and how much of them is used",
        querystring: Named,
        response: { 200: WalletLimitsSchema, ...problems },
      },
    },
    async (request, reply) =>
      answer(request, reply, await readLimits(wallets, userOf(request), request.query)),
  );
  http.get(
    "/api/v1/wallet/operations/:id",
    {
      config: { right: "wallet.read", service },
      schema: {
        tags,
        summary: "An operation of the user, of any kind",
        params: One,
        response: { 200: OperationSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { merchantId, userId } = userOf(request);
      const operation = await selectOperation(wallets.database.kysely, merchantId, request.params.id);
      return answer(
        request,
        reply,
        operation?.userId === userId ? operationBody(operation) : refuse("operation_unknown"),
      );
    },
  );

  http.post(
    "/api/v1/wallet/topups",
    {
      config: { right: "wallet.topup", service, form: true },
      schema: {
        tags,
        summary: "Top up: QR string, pay code or checkout link",
        body: NewTopupSchema,
        response: { 201: TopupSchema, ...problems, 502: ProblemSchema },
      },
    },
    async (request, reply) => {
      // the only POST here that moves no money by itself: clients of older systems send it without a key
      const key = request.headers["idempotency-key"] === undefined ? undefined : keyOf(request);
      return isRefusal(key)
        ? answer(request, reply, key)
        : answerOnce(request, reply, await topUp(wallets, userOf(request), request.body, key), 201);
    },
  );
  http.get(
    "/api/v1/wallet/topups/:id",
    {
      config: { right: "wallet.read", service },
      schema: {
        tags,
        summary: "A top-up and its payment",
        params: One,
        response: { 200: TopupSchema, ...problems },
      },
    },
    async (request, reply) =>
      answer(request, reply, await readTopup(wallets, userOf(request), request.params.id)),
  );
  http.post(
    "/api/v1/wallet/transfers",
    {
      config: { right: "wallet.transfer", service },
      schema: {
        tags,
        summary: "Send money to another user",
        body: NewTransferSchema,
        response: { 201: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) => send(wallets, userOf(request), request.body, key)),
  );
  http.post(
    "/api/v1/wallet/payments",
    {
      config: { right: "wallet.pay", service },
      schema: {
        tags,
        summary: "Pay a wallet account by its code",
        body: NewWalletPaymentSchema,
        response: { 201: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) => pay(wallets, userOf(request), request.body, key)),
  );
  http.post(
    "/api/v1/wallet/payments/:id/refunds",
    {
      config: { right: "wallet.refund", service },
      schema: {
        tags,
        summary: "Give a payment back, in whole or in parts: the payee or an operator",
        params: One,
        body: NewWalletRefundSchema,
        response: { 201: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) =>
        refund(wallets, deciderOf(request), request.params.id, request.body, key),
      ),
  );
  http.post(
    "/api/v1/wallet/orders",
    {
      config: { right: "wallet.pay", service },
      schema: {
        tags,
        summary: "Pay an order by its pay code",
        body: NewOrderPaymentSchema,
        response: { 201: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) => payOrder(wallets, userOf(request), request.body, key)),
  );
  http.post(
    "/api/v1/wallet/holds",
    {
      config: { right: "wallet.pay", service },
      schema: {
        tags,
        summary: "Reserve an amount for a payee",
        body: NewHoldSchema,
        response: { 201: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) => hold(wallets, userOf(request), request.body, key)),
  );
  http.post(
    "/api/v1/wallet/holds/:id/capture",
    {
      config: { right: "wallet.capture", service },
      schema: {
        tags,
        summary: "Capture a hold or a part of it, as the payee or an operator",
        params: One,
        body: CaptureSchema,
        response: { 200: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 200, (key) =>
        capture(wallets, deciderOf(request), request.params.id, request.body, key),
      ),
  );
  http.post(
    "/api/v1/wallet/holds/:id/release",
    {
      config: { right: "wallet.capture", service },
      schema: {
        tags,
        summary: "Release what is left of a hold, as the payee or an operator",
        params: One,
        response: { 200: OperationSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 200, (key) => release(wallets, deciderOf(request), request.params.id, key)),
  );
  http.post(
    "/api/v1/wallet/withdrawals",
    {
      config: { right: "wallet.withdraw", service },
      schema: {
        tags,
        summary: "Request a payout to a bank account",
        body: NewWithdrawalSchema,
        response: { 201: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 201, (key) => withdraw(wallets, userOf(request), request.body, key)),
  );
  http.get(
    "/api/v1/wallet/withdrawals/:id",
    {
      config: { right: "wallet.read", service },
      schema: {
        tags,
        summary: "A withdrawal of the user",
        params: One,
        response: { 200: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { merchantId, userId } = userOf(request);
      const found = await selectOperation(wallets.database.kysely, merchantId, request.params.id);
      return answer(
        request,
        reply,
        found?.kind === "WITHDRAWAL" && found.userId === userId
          ? withdrawalBody(found)
          : refuse("withdrawal_unknown"),
      );
    },
  );
  http.post(
    "/api/v1/wallet/withdrawals/:id/cancel",
    {
      config: { right: "wallet.withdraw", service },
      schema: {
        tags,
        summary: "Cancel a withdrawal that is not approved yet",
        params: One,
        response: { 200: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, 200, (key) =>
        endWithdrawal(wallets, deciderOf(request), request.params.id, "cancel", null, key),
      ),
  );
}

/** Users decide on their own payments, operators on all of the merchant's. */
export function deciderOf(request: FastifyRequest): Decider {
  const { principal } = request;
  return { ...whoOf(request), ...("userId" in principal ? { userId: principal.userId } : {}) };
}
