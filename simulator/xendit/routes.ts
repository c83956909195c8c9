import type { FastifyInstance, FastifyRequest } from "fastify";
import { answerWith, send, type Answer } from "../answer.ts";
import type { Call } from "../faults.ts";
import { expireDue, put, refund, settle } from "../settle.ts";
import { refundable, type Refund, type Transaction } from "../transaction.ts";
import { asRow, basicKey, headerText, isWebAddress, textIn, wholeIn, type Row } from "../words.ts";
import type { World } from "../world.ts";
import {
  createCharge,
  createPaymentRequest,
  createQr,
  invalid,
  ownOf,
  type No,
  type Product,
} from "./create.ts";
import type { XenditBusiness } from "./index.ts";
import { chargeRow, movementRow, paymentRequestRow, qrPaymentRow, qrRow, refundRow } from "./rows.ts";

const VERSION = "2022-07-31";
const BROKEN = no({
  status: 500,
  code: "SERVER_ERROR",
  message: "An unexpected error occured, our team has been notified and will troubleshoot the issue",
});
const UNKNOWN = no({ status: 404, code: "DATA_NOT_FOUND", message: "The requested resource was not found" });
const INELIGIBLE = no({
  status: 403,
  code: "INELIGIBLE_TRANSACTION",
  message: "The transaction is not in a state for that",
});

type One = { Params: { id: string } };
type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Xendit's documented paths, the same for test and live. */
export function xenditRoutes(world: World, businesses: readonly XenditBusiness[]) {
  const holders = new WeakMap<FastifyRequest, XenditBusiness>();
  const holderOf = (request: FastifyRequest): XenditBusiness => {
    const business = holders.get(request);
    if (!business) throw new Error("the request has no business");
    return business;
  };
  const isOwn = (request: FastifyRequest, { provider, merchantCode }: Transaction) =>
    provider === "xendit" && merchantCode === holderOf(request).businessId;
  const all = (request: FastifyRequest) =>
    world.book.transactions().filter((transaction) => isOwn(request, transaction));
  const find = (request: FastifyRequest<One>, product: Product): Transaction | undefined => {
    const transaction = world.book.transaction(request.params.id);
    return transaction && isOwn(request, transaction) && ownOf(transaction).product === product
      ? transaction
      : undefined;
  };
  const shown = {
    qr_code: qrRow,
    ewallet: (transaction: Transaction) => chargeRow(transaction, world.publicUrl()),
    payment_request: (transaction: Transaction) => paymentRequestRow(transaction, world.publicUrl()),
  } as const;

  return async (routes: FastifyInstance): Promise<void> => {
    routes.setErrorHandler(async (error: { statusCode?: number; message: string }, _, reply) =>
      send(
        reply,
        error.statusCode === undefined || error.statusCode >= 500
          ? BROKEN
          : no({ ...invalid(error.message), status: error.statusCode }),
      ),
    );
    routes.addHook("onRequest", async (request, reply) => {
      const key = basicKey(request.headers.authorization);
      const business = businesses.find(({ secretKey }) => secretKey === key);
      if (!business)
        return send(
          reply,
          no({ status: 401, code: "INVALID_API_KEY", message: "API key format is invalid" }),
        );
      holders.set(request, business);
      expireDue(world);
    });

    const route = (
      method: "GET" | "POST",
      url: string,
      call: Call,
      work: (request: FastifyRequest<One>) => Answer,
    ) =>
      routes.route<One>({
        method,
        url,
        handler: async (request, reply) => answerWith(world, call, reply, BROKEN, () => work(request)),
      });

    const create = (url: string, make: typeof createQr, header: string | undefined, status: number) =>
      route("POST", url, "create", (request) => {
        const business = holderOf(request);
        const named = header === undefined ? undefined : headerText(request.headers[header]);
        const idempotencyKey = headerText(request.headers["idempotency-key"]) ?? null;
        const callbackUrl = named !== undefined && isWebAddress(named) ? named : business.callbackUrl;
        const earlier =
          make === createPaymentRequest && idempotencyKey !== null
            ? all(request).find((one) => ownOf(one).idempotencyKey === idempotencyKey)
            : undefined;
        const made =
          earlier ??
          make({
            world,
            businessId: business.businessId,
            body: asRow(request.body),
            callbackUrl,
            idempotencyKey,
          });
        if ("code" in made) return no(made);
        return { status, body: shown[ownOf(made).product](earlier ?? put(world, made)) };
      });
    const read = (url: string, product: Product) =>
      route("GET", url, "read", (request) => {
        const found = find(request, product);
        return found ? yes(shown[product](found)) : UNKNOWN;
      });
    /** The test mode's payment simulation; it always pays the requested amount. */
    const simulate = (url: string, product: Product, answer: (paid: Transaction) => Row) =>
      route("POST", url, "create", (request) => {
        const found = find(request, product);
        const paid = found && settle(world, found.reference, "PAID");
        return paid ? yes(answer(paid)) : found ? INELIGIBLE : UNKNOWN;
      });

    routes.addHook("preHandler", async (request, reply) => {
      const isQr = request.url.startsWith("/qr_codes");
      if (isQr && request.headers["api-version"] !== VERSION)
        return send(reply, no(invalid(`Only api-version ${VERSION} is played here`)));
    });
    create("/qr_codes", createQr, "webhook-url", 201);
    read("/qr_codes/:id", "qr_code");
    route("GET", "/qr_codes/:id/payments", "read", (request) => {
      const found = find(request, "qr_code");
      return found
        ? yes({ data: found.paidAt === null ? [] : [qrPaymentRow(found)], has_more: false })
        : UNKNOWN;
    });
    simulate("/qr_codes/:id/payments/simulate", "qr_code", qrPaymentRow);

    create("/ewallets/charges", createCharge, "x-callback-url", 202);
    read("/ewallets/charges/:id", "ewallet");

    create("/payment_requests", createPaymentRequest, undefined, 201);
    read("/payment_requests/:id", "payment_request");
    simulate("/payment_requests/:id/payments/simulate", "payment_request", () => ({
      status: "PENDING",
      message: "Payment simulation is being processed",
    }));
    route("GET", "/payment_requests", "read", (request) => {
      const { reference_id: references, id: ids } = request.query as Query;
      const rows = all(request).filter(
        (one) =>
          ownOf(one).product === "payment_request" &&
          fits(references, one.merchantRef) &&
          fits(ids, one.reference),
      );
      return yes({ data: rows.map(shown.payment_request), has_more: false });
    });

    route("POST", "/refunds", "refund", (request) => giveBack(request, asRow(request.body)));
    route("GET", "/refunds/:id", "read", (request) => {
      const [made] = refundsOf(all(request)).filter(({ row }) => row["id"] === request.params.id);
      return made ? yes(made.row) : UNKNOWN;
    });
    route("GET", "/refunds", "read", (request) => {
      const { payment_request_id: ids } = request.query as Query;
      const rows = refundsOf(all(request)).filter(({ transaction }) => fits(ids, transaction.reference));
      return yes({ data: rows.map(({ row }) => row), has_more: false });
    });

    route("GET", "/transactions", "read", (request) => {
      const { reference_id: reference, product_id: product } = request.query as Query;
      const moved = all(request).filter(
        (one) => one.paidAt !== null && fits(reference, one.merchantRef) && fits(product, one.reference),
      );
      return yes({ has_more: false, data: moved.map(movementRow), links: [] });
    });
  };

  function giveBack(request: FastifyRequest, body: Row): Answer {
    const transaction = all(request).find(({ reference }) => reference === body["payment_request_id"]);
    if (!transaction) return UNKNOWN;
    const key =
      headerText(request.headers["idempotency-key"]) ??
      textIn(body, "reference_id") ??
      `refund-${transaction.refunds.length + 1}`;
    const earlier = transaction.refunds.find((made) => made.key === key);
    if (earlier) return yes(refundRow(transaction, earlier));
    const left = refundable(transaction);
    if (left === 0) return INELIGIBLE;
    const amount = body["amount"] === undefined ? left : wholeIn(body, "amount");
    if (amount === undefined || amount > left)
      return no({
        status: 400,
        code: "MAXIMUM_REFUND_AMOUNT_REACHED",
        message: "Requested refund amount cannot exceed remaining unrefunded amount of the original payment",
      });
    const refunded = refund(world, transaction.reference, {
      key,
      amount,
      reason: textIn(body, "reason") ?? "",
    });
    const made = refunded?.refunds.at(-1);
    return refunded && made ? yes(refundRow(refunded, made)) : INELIGIBLE;
  }
}

function refundsOf(transactions: readonly Transaction[]): Array<{ transaction: Transaction; row: Row }> {
  const requests = transactions.filter((one) => ownOf(one).product === "payment_request");
  return requests.flatMap((transaction) =>
    transaction.refunds.map((made: Refund) => ({ transaction, row: refundRow(transaction, made) })),
  );
}

/** Whether a value is among those that a query names; always, if it names none. */
function fits(named: string | readonly string[] | undefined, value: string): boolean {
  if (named === undefined) return true;
  return typeof named === "string" ? named === value : named.includes(value);
}

function yes(body: Row): Answer {
  return { status: 200, body };
}

function no({ status, code, message }: No): Answer {
  return { status, body: { error_code: code, message } };
}
