import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { answerWith, send, type Answer } from "../answer.ts";
import { failure, success } from "../envelope.ts";
import type { Call } from "../faults.ts";
import { expireDue, put, refund, settle } from "../settle.ts";
import { refundable, type Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import { demoSettings, NOTIFY_URL, type SnapAccount } from "./account.ts";
import { no, services, yes, type Service } from "./code.ts";
import type { Gate, Incoming } from "./gate.ts";
import { generate, text, wholeRupiah, type Body } from "./generate.ts";
import { generatedRow, queriedRow, refundedRow } from "./rows.ts";
import { stamp } from "./signature.ts";

/**
 * The standard's documented paths. Authentication is part of each call's work, so a skipped call uses up no
 * external id.
 */
export function snapRoutes(world: World, gate: Gate, accountOf: () => SnapAccount) {
  const ownOf = ({ partnerId }: SnapAccount, body: Body): Transaction | undefined => {
    const [reference, merchantRef] = [
      text(body, "originalReferenceNo"),
      text(body, "originalPartnerReferenceNo"),
    ];
    const found =
      reference === undefined
        ? world.book.transactionOf("snap", partnerId, merchantRef ?? "")
        : world.book.transaction(reference);
    const isOwn =
      found?.provider === "snap" &&
      found.merchantCode === partnerId &&
      found.merchantRef === (merchantRef ?? found.merchantRef);
    return isOwn ? found : undefined;
  };

  return async (routes: FastifyInstance): Promise<void> => {
    // the body is parsed here, because the signature covers the raw bytes
    routes.removeAllContentTypeParsers();
    routes.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

    const serve = (
      service: Service,
      call: Call | null,
      work: (account: SnapAccount, incoming: Incoming) => Answer,
    ) =>
      routes.post(service.path, async (request: FastifyRequest, reply: FastifyReply) => {
        expireDue(world);
        const answer = () => {
          const body = parsed(request.body);
          if (!body) return no(service, "bad_request");
          return work(accountOf(), { headers: request.headers, path: request.url, body });
        };
        return call === null
          ? send(reply, answer())
          : answerWith(world, call, reply, no(service, "general_error"), answer);
      });
    const guarded = (service: Service, call: Call, work: (account: SnapAccount, body: Body) => Answer) =>
      serve(
        service,
        call,
        (account, incoming) => gate.refusalFor(account, service, incoming) ?? work(account, incoming.body),
      );

    serve(services.token, null, (account, incoming) => gate.token(account, incoming));

    guarded(services.generate, "create", (account, body) => {
      const made = generate(world, account, body);
      if (!("reference" in made)) return made;
      put(world, made);
      return yes(services.generate, generatedRow(made, world.publicUrl()));
    });

    guarded(services.query, "read", (account, body) => {
      if (body["serviceCode"] !== services.generate.number)
        return no(services.query, "field_missing", "serviceCode");
      const own = ownOf(account, body);
      return own ? yes(services.query, queriedRow(own)) : no(services.query, "not_found");
    });

    guarded(services.cancel, "cancel", (account, body) => {
      const missing = ["merchantId", "reason"].find((name) => !text(body, name));
      if (missing) return no(services.cancel, "field_missing", missing);
      if (body["merchantId"] !== account.merchantId) return no(services.cancel, "merchant_invalid");
      const own = ownOf(account, body);
      if (!own) return no(services.cancel, "not_found");
      const cancelled = settle(world, own.reference, "CANCELLED");
      if (!cancelled) return no(services.cancel, "status_invalid");
      const { reference, merchantRef } = cancelled;
      return yes(services.cancel, {
        originalReferenceNo: reference,
        originalPartnerReferenceNo: merchantRef,
        cancelTime: stamp(world.clock.now()),
      });
    });

    guarded(services.refund, "refund", (account, body) => {
      const missing = ["originalPartnerReferenceNo", "partnerRefundNo"].find((name) => !text(body, name));
      if (missing) return no(services.refund, "field_missing", missing);
      const own = ownOf(account, body);
      if (!own) return no(services.refund, "not_found");
      const key = text(body, "partnerRefundNo") ?? "";
      if (own.refunds.some((made) => made.key === key))
        return no(services.refund, "reference_used", "partnerRefundNo");
      const amount = body["refundAmount"] === undefined ? refundable(own) : wholeRupiah(body["refundAmount"]);
      if (typeof amount === "string") return no(services.refund, "field_invalid", amount);
      if (own.status !== "PAID") return no(services.refund, "status_invalid");
      const refunded = refund(world, own.reference, { key, amount, reason: text(body, "reason") ?? "" });
      const made = refunded?.refunds.at(-1);
      return refunded && made
        ? yes(services.refund, refundedRow(refunded, made))
        : no(services.refund, "amount_invalid");
    });

    routes.get("/control/snap/settings", async (_, reply) => send(reply, success(demoSettings(world))));

    routes.put("/control/snap/notify-url", async (request, reply) => {
      const url = text(parsed(request.body) ?? {}, "url");
      if (url === undefined || !URL.canParse(url)) return send(reply, failure("The url is an address"));
      world.book.record({ kind: "setting", name: NOTIFY_URL, value: url });
      return send(reply, success({ url }));
    });
  };
}

function parsed(unchecked: unknown): Body | undefined {
  try {
    const body: unknown = JSON.parse(String(unchecked));
    return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}
