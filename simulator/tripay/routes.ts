import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { answerWith, send, type Answer } from "../answer.ts";
import { BROKEN, failure, success } from "../envelope.ts";
import { channelOf, channels, feeOn, type Channel } from "./channels.ts";
import { createTransaction } from "./create.ts";
import { credentialOf, type Credential } from "./credential.ts";
import { checkedToCount } from "../faults.ts";
import { instructionsFor } from "./instructions.ts";
import { listTransactions } from "./list.ts";
import { channelRow, createdRow, detailRow, feeRow } from "./rows.ts";
import { expireDue, put } from "../settle.ts";
import type { Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import type { Account } from "./index.ts";

export type Query = Readonly<Record<string, string | undefined>>;

const MAX_AMOUNT = 1e12;
const UNKNOWN_TRANSACTION = "Transaction not found";
const UNKNOWN_CHANNEL = "Payment channel not found";

/** Tripay's documented paths, under the base URL where they are mounted. */
export function tripayRoutes(world: World, account: Account) {
  const holders = new WeakMap<FastifyRequest, Credential>();
  const holderOf = (request: FastifyRequest): Credential => {
    const credential = holders.get(request);
    if (!credential) throw new Error("the request has no credential");
    return credential;
  };

  return async (routes: FastifyInstance): Promise<void> => {
    routes.addHook("onRequest", async (request, reply) => {
      const credential = credentialOf(request.headers.authorization, account.credentials);
      if (!credential) return send(reply, failure("Invalid API Key", 401));
      holders.set(request, credential);
      expireDue(world);
    });

    const read = (path: string, answer: (query: Query, credential: Credential) => Answer) =>
      routes.get(path, async (request: FastifyRequest, reply: FastifyReply) =>
        answerWith(world, "read", reply, BROKEN, () => answer(request.query as Query, holderOf(request))),
      );
    const owned = (reference: string | undefined, { merchantCode }: Credential): Transaction | undefined => {
      const transaction = world.book.transaction(reference ?? "");
      return transaction?.provider === "tripay" && transaction.merchantCode === merchantCode
        ? transaction
        : undefined;
    };

    routes.post("/transaction/create", async (request, reply) =>
      answerWith(world, "create", reply, BROKEN, () => {
        const created = createTransaction(world, account, holderOf(request), asObject(request.body));
        if (typeof created === "string") return failure(created);
        put(world, created);
        return success(createdRow(created, world.publicUrl()));
      }),
    );

    read("/transaction/detail", ({ reference }, credential) => {
      const transaction = owned(reference, credential);
      return transaction
        ? success(detailRow(transaction, world.publicUrl()))
        : failure(UNKNOWN_TRANSACTION, 404);
    });

    read("/transaction/check-status", ({ reference }, credential) => {
      const transaction = owned(reference, credential);
      if (!transaction) return failure(UNKNOWN_TRANSACTION, 404);
      return {
        status: 200,
        body: { success: true, message: `Status transaksi saat ini ${transaction.status}` },
      };
    });

    read("/merchant/transactions", (query, credential) => {
      const own = world.book
        .transactions()
        .filter(
          ({ provider, merchantCode }) => provider === "tripay" && merchantCode === credential.merchantCode,
        );
      const { rows, pagination } = listTransactions(own, query, world.publicUrl());
      return { status: 200, body: { success: true, message: "Success", data: rows, pagination } };
    });

    read("/merchant/payment-channel", ({ code }) => {
      const rows = named(code).map((channel) => channelRow(channel, account.feePayer, world.publicUrl()));
      return rows.length > 0 ? success(rows, "Success") : failure(UNKNOWN_CHANNEL);
    });

    read("/merchant/fee-calculator", ({ amount, code }) => {
      const sum = checkedToCount(amount, MAX_AMOUNT);
      if (sum === undefined) return failure("The amount field is required");
      const rows = named(code).map((channel) => feeRow(channel, feeOn(sum, channel.fee), account.feePayer));
      return rows.length > 0 ? success(rows) : failure(UNKNOWN_CHANNEL);
    });

    read("/payment/instruction", ({ code, pay_code: payCode, amount, allow_html: allowHtml }) => {
      if (!channelOf(code ?? "")) return failure(UNKNOWN_CHANNEL);
      const sum = checkedToCount(amount, MAX_AMOUNT);
      return success(
        instructionsFor(code ?? "", {
          payCode: payCode ?? null,
          amount: sum ?? null,
          html: allowHtml !== "0",
        }),
      );
    });
  };
}

function named(code: string | undefined): readonly Channel[] {
  return code === undefined || code === "" ? channels : channels.filter((channel) => channel.code === code);
}

function asObject(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}
