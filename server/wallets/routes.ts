import {
  BalanceSchema,
  isRefusal,
  money,
  ProblemSchema,
  refuse,
  toDecimal,
  TransferBatchInSchema,
  TransferBatchOutSchema,
  TransferInSchema,
  TransferOutSchema,
} from "@onegate/contract";
import { Type } from "typebox";
import { merchantOf } from "../identity/index.ts";
import { answer, answerOnce, type Database, type Http } from "../kernel/index.ts";
import { balanceByCode, type Ledger } from "../ledger/index.ts";
import { transfer, transferMany } from "./transfer.ts";

const tags = ["gateway"];
/** Room for 1,000 transfers. */
const BATCH_LIMIT_BYTES = 524_288;

export function walletRoutes(http: Http, { database, ledger }: { database: Database; ledger: Ledger }): void {
  http.post(
    "/payments",
    {
      config: { right: "transfer.create", service: "payments" },
      schema: {
        tags,
        summary: "Move an amount between two accounts, once per id",
        body: TransferInSchema,
        response: { 200: TransferOutSchema, "4xx": ProblemSchema, 503: ProblemSchema },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, await transfer({ database, ledger }, merchantOf(request), request.body)),
  );

  http.post(
    "/api/v1/transfers::batch",
    {
      bodyLimit: BATCH_LIMIT_BYTES,
      config: { right: "transfer.create", service: "payments" },
      schema: {
        tags,
        summary: "Make up to 1,000 transfers, each once per id; one result each",
        body: TransferBatchInSchema,
        response: { 200: TransferBatchOutSchema, "4xx": ProblemSchema, 503: ProblemSchema },
      },
    },
    async (request, reply) => {
      const results = await transferMany({ database, ledger }, merchantOf(request), request.body.transfers);
      return answer(request, reply, isRefusal(results) ? results : { results });
    },
  );

  http.get(
    "/balance/:account",
    {
      config: { right: "balance.read", service: "wallet" },
      schema: {
        tags,
        summary: "An account's balance",
        params: Type.Object({ account: Type.String({ maxLength: 80 }) }),
        response: { 200: BalanceSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const balance = await balanceByCode(database.kysely, merchantOf(request), request.params.account);
      if (!balance || balance.kind !== "wallet") return answer(request, reply, refuse("account_unknown"));
      const text = (minor: bigint) => toDecimal(money(minor, balance.currency));
      const { posted, held } = balance;
      return {
        account: balance.code,
        currency: balance.currency,
        balance: text(posted),
        held: text(held),
        available: text(posted - held),
      };
    },
  );
}
