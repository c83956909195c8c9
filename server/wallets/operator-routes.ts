import {
  EndedWithdrawalSchema,
  IdSchema,
  isRefusal,
  PaidOutSchema,
  ProblemSchema,
  WalletAccountSchema,
  WithdrawalSchema,
  WithdrawalsSchema,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { merchantOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http, type Once } from "../kernel/index.ts";
import { approveWithdrawal } from "./approve-withdrawal.ts";
import { withdrawalBody } from "./body.ts";
import type { Wallets } from "./context.ts";
import { endWithdrawal } from "./end-withdrawal.ts";
import { payOut } from "./pay-out.ts";
import { changeStatus, type StatusEvent } from "./set-status.ts";
import { selectWithdrawals } from "./store.ts";
import { deciderOf } from "./user-routes.ts";

const tags = ["wallet operation"];
const service = "wallet";
const problems = { "4xx": ProblemSchema, 503: ProblemSchema } as const;
const One = Type.Object({ id: IdSchema });
const MAX_WAITING = 500;

const STATUS_ROUTES: Readonly<Record<StatusEvent, string>> = {
  suspend: "Suspend a user's account: nothing is posted to it",
  activate: "Reactivate a suspended account, and credit what waits for it",
  close: "Close an empty account for good",
};

/** The routes for operators: account status and withdrawals. */
export function walletOperatorRoutes(http: Http, wallets: Wallets): void {
  const byKey = async <T>(
    request: FastifyRequest,
    reply: FastifyReply,
    verb: (key: string) => Promise<Once<T>>,
  ): Promise<FastifyReply> => {
    const key = keyOf(request);
    return isRefusal(key) ? answer(request, reply, key) : answerOnce(request, reply, await verb(key));
  };

  for (const [event, summary] of Object.entries(STATUS_ROUTES) as Array<[StatusEvent, string]>) {
    http.post(
      `/api/v1/wallet/accounts/:id/${event}`,
      {
        config: { right: "wallet.account.decide", service },
        schema: { tags, summary, params: One, response: { 200: WalletAccountSchema, ...problems } },
      },
      async (request, reply) =>
        byKey(request, reply, (key) =>
          changeStatus(wallets, deciderOf(request), request.params.id, event, key),
        ),
    );
  }
  http.get(
    "/api/v1/wallet/withdrawals",
    {
      config: { right: "wallet.withdrawal.decide", service },
      schema: {
        tags,
        summary: "Withdrawals that wait for an operator, oldest first",
        response: { 200: WithdrawalsSchema, ...problems },
      },
    },
    async (request) => ({
      withdrawals: (await selectWithdrawals(wallets.database.kysely, merchantOf(request), MAX_WAITING)).map(
        withdrawalBody,
      ),
    }),
  );
  http.post(
    "/api/v1/wallet/withdrawals/:id/approve",
    {
      config: { right: "wallet.withdrawal.decide", service },
      schema: {
        tags,
        summary: "Approve a withdrawal, so that it can be paid out",
        params: One,
        response: { 200: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, (key) => approveWithdrawal(wallets, deciderOf(request), request.params.id, key)),
  );
  http.post(
    "/api/v1/wallet/withdrawals/:id/pay",
    {
      config: { right: "wallet.withdrawal.decide", service },
      schema: {
        tags,
        summary: "Record that an approved withdrawal was paid out, with the bank's reference",
        params: One,
        body: PaidOutSchema,
        response: { 200: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, (key) =>
        payOut(wallets, deciderOf(request), request.params.id, request.body, key),
      ),
  );
  http.post(
    "/api/v1/wallet/withdrawals/:id/reject",
    {
      config: { right: "wallet.withdrawal.decide", service },
      schema: {
        tags,
        summary: "Reject a withdrawal",
        params: One,
        body: EndedWithdrawalSchema,
        response: { 200: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, (key) =>
        endWithdrawal(wallets, deciderOf(request), request.params.id, "reject", request.body.reason, key),
      ),
  );
  http.post(
    "/api/v1/wallet/withdrawals/:id/fail",
    {
      config: { right: "wallet.withdrawal.decide", service },
      schema: {
        tags,
        summary: "Record that the bank did not carry out an approved withdrawal",
        params: One,
        body: EndedWithdrawalSchema,
        response: { 200: WithdrawalSchema, ...problems },
      },
    },
    async (request, reply) =>
      byKey(request, reply, (key) =>
        endWithdrawal(wallets, deciderOf(request), request.params.id, "fail", request.body.reason, key),
      ),
  );
}
