import {
  DeliveryPageSchema,
  DeliverySchema,
  DeliveryWithTriesSchema,
  EndpointChangeSchema,
  EndpointSchema,
  EndpointWithSecretSchema,
  IdSchema,
  isRefusal,
  NewEndpointSchema,
  ProblemSchema,
  refuse,
  ReplayedSchema,
  ReplaySchema,
  type DeliveryBody,
  type DeliveryWithTriesBody,
  type EndpointBody,
  type EndpointWithSecretBody,
  type Refusal,
} from "@onegate/contract";
import { Type } from "typebox";
import { merchantOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http, type Once } from "../kernel/index.ts";
import { changeEndpoint } from "./change-endpoint.ts";
import type { Deliveries } from "./context.ts";
import { createEndpoint, type WithSecret } from "./create-endpoint.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import type { Delivery } from "./delivery.ts";
import type { Endpoint } from "./endpoint.ts";
import { pingEndpoint } from "./ping.ts";
import { replayDelivery, replaySince } from "./replay.ts";
import { rotate } from "./rotate-secret.ts";
import { selectDeliveries, selectDelivery, selectEndpoints, selectTries } from "./store.ts";

const tags = ["webhooks"];
const service = "deliveries";
const read = { right: "webhook.read", service };
const manage = { right: "webhook.manage", service };
const IdParams = Type.Object({ id: IdSchema });
const Page = Type.Object({
  endpoint_id: Type.Optional(IdSchema),
  state: Type.Optional(Type.Enum(["pending", "failed", "delivered", "dead"])),
  before: Type.Optional(IdSchema),
  limit: Type.Optional(Type.String({ pattern: "^([1-9]|[1-9][0-9]|100)$" })),
});
const DEFAULT_PAGE_SIZE = 20;
const MAX_TRIES_SHOWN = 50;

export function webhookRoutes(http: Http, deliveries: Deliveries): void {
  const { kysely } = deliveries.database;

  http.post(
    "/api/v1/webhooks/endpoints",
    {
      config: manage,
      schema: {
        tags,
        summary: "Set an endpoint up; the answer shows its secret, once",
        body: NewEndpointSchema,
        response: { 201: EndpointWithSecretSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const made = await createEndpoint(deliveries, whoOf(request), request.body, key);
      return answerOnce(request, reply.header("cache-control", "no-store"), withSecretBody(made), 201);
    },
  );

  http.get(
    "/api/v1/webhooks/endpoints",
    {
      config: read,
      schema: {
        tags,
        summary: "All endpoints",
        response: { 200: Type.Object({ endpoints: Type.Array(EndpointSchema) }), "4xx": ProblemSchema },
      },
    },
    async (request) => ({
      endpoints: (await selectEndpoints(kysely, merchantOf(request))).map(endpointBody),
    }),
  );

  http.patch(
    "/api/v1/webhooks/endpoints/:id",
    {
      config: manage,
      schema: {
        tags,
        summary: "Change an endpoint, disable it or make it active again",
        params: IdParams,
        body: EndpointChangeSchema,
        response: { 200: EndpointSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const endpoint = await changeEndpoint(deliveries, whoOf(request), request.params.id, request.body);
      return answer(request, reply, isRefusal(endpoint) ? endpoint : endpointBody(endpoint));
    },
  );

  http.delete(
    "/api/v1/webhooks/endpoints/:id",
    {
      config: manage,
      schema: {
        tags,
        summary: "Delete an endpoint and its deliveries",
        params: IdParams,
        response: { 204: Type.Null(), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const refusal = await deleteEndpoint(deliveries, whoOf(request), request.params.id);
      return answer(request, reply, refusal ?? null, 204);
    },
  );

  http.post(
    "/api/v1/webhooks/endpoints/:id/rotate",
    {
      config: manage,
      schema: {
        tags,
        summary: "Make a new secret; for a day the old one signs too",
        params: IdParams,
        response: { 200: EndpointWithSecretSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const made = await rotate(deliveries, whoOf(request), request.params.id, key);
      return answerOnce(request, reply.header("cache-control", "no-store"), withSecretBody(made));
    },
  );

  http.post(
    "/api/v1/webhooks/endpoints/:id/ping",
    {
      config: manage,
      schema: {
        tags,
        summary: "Send an endpoint.ping, whatever the endpoint listens to",
        params: IdParams,
        response: { 202: DeliverySchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        deliveryBody(await pingEndpoint(deliveries, merchantOf(request), request.params.id)),
        202,
      ),
  );

  http.post(
    "/api/v1/webhooks/endpoints/:id/replay",
    {
      config: manage,
      schema: {
        tags,
        summary: "Send again all deliveries of events since a time",
        params: IdParams,
        body: ReplaySchema,
        response: { 202: ReplayedSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const { since, only = "undelivered" } = request.body;
      return answer(
        request,
        reply,
        await replaySince(deliveries, merchantOf(request), request.params.id, new Date(since), only),
        202,
      );
    },
  );

  http.get(
    "/api/v1/webhooks/deliveries",
    {
      config: read,
      schema: {
        tags,
        summary: "Deliveries, the newest event first",
        querystring: Page,
        response: { 200: DeliveryPageSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const { endpoint_id: endpointId, state, before, limit } = request.query;
      const max = Number(limit ?? DEFAULT_PAGE_SIZE);
      const found = await selectDeliveries(
        kysely,
        merchantOf(request),
        { ...(endpointId ? { endpointId } : {}), ...(state ? { state } : {}), ...(before ? { before } : {}) },
        max,
      );
      return {
        deliveries: found.map(toBody),
        next: found.length === max ? (found.at(-1)?.deliveryId ?? null) : null,
      };
    },
  );

  http.get(
    "/api/v1/webhooks/deliveries/:id",
    {
      config: read,
      schema: {
        tags,
        summary: "One delivery with what was sent and every try",
        params: IdParams,
        response: { 200: DeliveryWithTriesSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      const delivery = await selectDelivery(kysely, merchantId, request.params.id);
      if (!delivery) return answer(request, reply, refuse("delivery_unknown"));
      const tries = await selectTries(kysely, merchantId, delivery.deliveryId, MAX_TRIES_SHOWN);
      const body: DeliveryWithTriesBody = {
        ...toBody(delivery),
        body: delivery.body,
        tried: tries.map(({ sentAt, ...rest }) => ({ ...rest, sent_at: sentAt.toISOString() })),
      };
      return answer(request, reply, body);
    },
  );

  http.post(
    "/api/v1/webhooks/deliveries/:id/replay",
    {
      config: manage,
      schema: {
        tags,
        summary: "Send one delivery again, under its webhook-id",
        params: IdParams,
        response: { 202: DeliverySchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        deliveryBody(await replayDelivery(deliveries, merchantOf(request), request.params.id)),
        202,
      ),
  );
}

function endpointBody(endpoint: Endpoint): EndpointBody {
  return {
    id: endpoint.endpointId,
    url: endpoint.url,
    description: endpoint.description,
    topics: [...endpoint.topics],
    state: endpoint.state === "active" ? "active" : "disabled",
    reason: endpoint.reason,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    old_secret_until: endpoint.oldSecretUntil?.toISOString() ?? null,
    created_by: endpoint.createdBy,
    created_at: endpoint.createdAt.toISOString(),
  };
}

function withSecretBody({ answer: made, replayed }: Once<WithSecret>): Once<EndpointWithSecretBody> {
  return {
    answer: isRefusal(made) ? made : { ...endpointBody(made.endpoint), secret: made.secret },
    replayed,
  };
}

function deliveryBody(delivery: Delivery | Refusal): DeliveryBody | Refusal {
  return isRefusal(delivery) ? delivery : toBody(delivery);
}

function toBody(delivery: Delivery): DeliveryBody {
  return {
    id: delivery.deliveryId,
    endpoint_id: delivery.endpointId,
    message_id: delivery.messageId,
    type: delivery.topic,
    state: delivery.state,
    tries: delivery.tries,
    next_try_at: delivery.nextTryAt?.toISOString() ?? null,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    last_ms: delivery.lastMs,
    created_at: delivery.createdAt.toISOString(),
    delivered_at: delivery.deliveredAt?.toISOString() ?? null,
  };
}
