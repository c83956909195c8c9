import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { answerWith, send, type Answer } from "../answer.ts";
import type { Call } from "../faults.ts";
import { expireDue, put, refund, settle } from "../settle.ts";
import { refundable, type Transaction } from "../transaction.ts";
import { asRow, basicKey, headerText, isWebAddress, textIn, wholeIn, type Row } from "../words.ts";
import type { World } from "../world.ts";
import { charge, ownOf } from "./charge.ts";
import type { MidtransMerchant } from "./index.ts";
import { signatureOf } from "./index.ts";
import { Keys } from "./keys.ts";
import { chargedRow, refundedRow, statusRow } from "./rows.ts";

const MAX_ADDRESSES = 3;
/** "Direct refund": the payment types that can be refunded. */
const REFUNDABLE = new Set(["gopay", "qris", "shopeepay"]);
const BROKEN = no("500", "Sorry, we encountered internal server error. We will fix this soon.", 500);
const UNKNOWN = no("404", "Transaction doesn't exist.");
const CANNOT = no("412", "Merchant cannot modify the status of the transaction");

type One = { Params: { id: string } };

/** Midtrans' documented paths under `/v2`. The body's `status_code` counts; the HTTP status is mostly 200. */
export function midtransRoutes(world: World, merchants: readonly MidtransMerchant[]) {
  const keys = new Keys(world.clock);
  const holders = new WeakMap<FastifyRequest, MidtransMerchant>();
  const holderOf = (request: FastifyRequest): MidtransMerchant => {
    const merchant = holders.get(request);
    if (!merchant) throw new Error("the request has no merchant");
    return merchant;
  };
  const find = (request: FastifyRequest<One>): Transaction | undefined => {
    const { merchantId } = holderOf(request);
    const { id } = request.params;
    const transaction = world.book.transaction(id) ?? world.book.transactionOf("midtrans", merchantId, id);
    return transaction?.provider === "midtrans" && transaction.merchantCode === merchantId
      ? transaction
      : undefined;
  };

  /** Does a POST once per idempotency key, and not while one with the same key is running. */
  const post = async (request: FastifyRequest, reply: FastifyReply, call: Call, work: () => Answer) => {
    const key = keys.checked(headerText(request.headers["idempotency-key"]));
    if (key === undefined) return answerWith(world, call, reply, BROKEN, work);
    if (keys.isRunning(key)) return send(reply, no("202", "Transaction is still being processed", 202));
    const kept = keys.answerOf(key);
    if (kept) return send(reply, kept);
    return keys.whileRunning(key, () =>
      answerWith(world, call, reply, BROKEN, () => {
        const answer = work();
        const row = asRow(answer.body);
        // Permata does not support idempotency
        if (String(row["status_code"]).startsWith("2") && row["permata_va_number"] === undefined)
          keys.keep(key, answer);
        return answer;
      }),
    );
  };

  return async (routes: FastifyInstance): Promise<void> => {
    routes.setErrorHandler(async (error: { statusCode?: number; message: string }, _, reply) =>
      error.statusCode === undefined || error.statusCode >= 500
        ? send(reply, BROKEN)
        : send(reply, no("413", "The request body is malformed", error.statusCode)),
    );
    routes.addHook("onRequest", async (request, reply) => {
      const key = basicKey(request.headers.authorization);
      const merchant = merchants.find(({ serverKey }) => serverKey === key);
      if (!merchant)
        return send(
          reply,
          no("401", "Access denied due to unauthorized transaction, please check client or server key", 401),
        );
      holders.set(request, merchant);
      expireDue(world);
    });

    routes.post("/charge", async (request, reply) =>
      post(request, reply, "create", () => {
        const merchant = holderOf(request);
        const charged = charge(world, merchant.merchantId, asRow(request.body), addresses(request, merchant));
        if ("code" in charged) return no(charged.code, charged.message, 200, charged.details);
        return yes(chargedRow(put(world, charged), world.publicUrl()));
      }),
    );

    routes.get<One>("/:id/status", async (request, reply) =>
      answerWith(world, "read", reply, BROKEN, () => {
        const transaction = find(request);
        if (!transaction) return UNKNOWN;
        const row = statusRow(transaction, world.clock.seconds());
        return yes({ ...row, signature_key: signatureOf(row, holderOf(request).serverKey) });
      }),
    );

    routes.post<One>("/:id/cancel", async (request, reply) =>
      post(request, reply, "cancel", () => end(request, "CANCELLED", "Success, transaction is canceled")),
    );
    routes.post<One>("/:id/expire", async (request, reply) =>
      post(request, reply, "cancel", () => end(request, "EXPIRED", "Success, transaction has expired")),
    );
    // only for cards
    for (const act of ["approve", "deny"])
      routes.post<One>(`/:id/${act}`, async (request, reply) =>
        send(reply, find(request) ? CANNOT : UNKNOWN),
      );
    for (const path of ["refund", "refund/online/direct"]) {
      routes.post<One>(`/:id/${path}`, async (request, reply) =>
        post(request, reply, "refund", () => giveBack(find(request), asRow(request.body))),
      );
    }

    for (const type of ["qris", "gopay"]) {
      routes.get<One>(`/${type}/:id/qr-code`, async (request, reply) => {
        const qrString = find(request)?.qrString;
        return reply
          .code(qrString ? 200 : 404)
          .type("text/plain; charset=utf-8")
          .send(qrString ?? "");
      });
    }
  };

  function end(request: FastifyRequest<One>, to: "CANCELLED" | "EXPIRED", message: string): Answer {
    const transaction = find(request);
    if (!transaction) return UNKNOWN;
    const ended = settle(world, transaction.reference, to);
    return ended ? yes({ ...statusRow(ended, world.clock.seconds()), status_message: message }) : CANNOT;
  }

  function giveBack(transaction: Transaction | undefined, body: Row): Answer {
    if (!transaction) return UNKNOWN;
    const key = textIn(body, "refund_key") ?? `refund-${transaction.refunds.length + 1}`;
    if (!/^[A-Za-z0-9_-]+$/.test(key))
      return no("400", "One or more parameters in the payload is invalid.", 200, ["refund_key is malformed"]);
    if (transaction.refunds.some((made) => made.key === key)) return no("406", "Duplicate refund ID");
    const left = refundable(transaction);
    const isCharged = transaction.refunds.some((made) => made.key === null);
    if (left === 0 || isCharged || !REFUNDABLE.has(ownOf(transaction).paymentType)) return CANNOT;
    const amount = body["amount"] === undefined ? left : wholeIn(body, "amount");
    if (amount === undefined || amount > left)
      return no("414", "Refund request is rejected due to invalid amount");
    const refunded = refund(world, transaction.reference, {
      key,
      amount,
      reason: textIn(body, "reason") ?? "",
    });
    const made = refunded?.refunds.at(-1);
    return refunded && made ? yes(refundedRow(refunded, made)) : CANNOT;
  }
}

/**
 * `X-Override-Notification` replaces the dashboard's URL, `X-Append-Notification` adds to it; at most three.
 */
function addresses(request: FastifyRequest, { callbackUrl }: MidtransMerchant): string | null {
  const named = (header: string) =>
    headerText(request.headers[header])
      ?.split(",")
      .map((url) => url.trim())
      .filter(isWebAddress) ?? [];
  const override = named("x-override-notification");
  const base = override.length > 0 ? override : callbackUrl === null ? [] : [callbackUrl];
  const all = [...base, ...named("x-append-notification")].slice(0, MAX_ADDRESSES);
  return all.length === 0 ? null : all.join(",");
}

function yes(body: Row): Answer {
  return { status: 200, body };
}

function no(code: string, message: string, status = 200, details?: readonly string[]): Answer {
  return {
    status,
    body: {
      status_code: code,
      status_message: message,
      ...(details ? { validation_messages: details } : {}),
      id: `${code}-simulator`,
    },
  };
}
