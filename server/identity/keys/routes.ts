import {
  IdSchema,
  isRefusal,
  KeySchema,
  KeyWithSecretSchema,
  NewKeySchema,
  ProblemSchema,
  type KeyBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { answer, type Database, type Http } from "../../kernel/index.ts";
import { merchantOf, whoOf } from "../guard.ts";
import type { KeyMode, MerchantKey } from "./key.ts";
import { makeKey, revokeKey } from "./make-key.ts";
import { selectKeys } from "./store.ts";

const tags = ["keys"];
const problems = { "4xx": ProblemSchema } as const;

/** A merchant's keys for the gateway's API. */
export function keyRoutes(http: Http, { database, mode }: { database: Database; mode: KeyMode }): void {
  http.post(
    "/api/v1/keys",
    {
      config: { right: "merchant_key.manage" },
      schema: {
        tags,
        summary: "Make a key; only this response shows its secret",
        body: NewKeySchema,
        response: { 201: KeyWithSecretSchema, ...problems },
      },
    },
    async (request, reply) => {
      const made = await makeKey(database, mode, whoOf(request), request.body);
      return answer(
        request,
        reply.header("cache-control", "no-store"),
        isRefusal(made) ? made : { ...keyBody(made.key), key: made.secret },
        201,
      );
    },
  );

  http.get(
    "/api/v1/keys",
    {
      config: { right: "merchant_key.read" },
      schema: {
        tags,
        summary: "All keys, without their secrets",
        response: { 200: Type.Object({ keys: Type.Array(KeySchema) }), ...problems },
      },
    },
    async (request) => ({
      keys: (await selectKeys(database.kysely, merchantOf(request))).map(keyBody),
    }),
  );

  http.post(
    "/api/v1/keys/:id/revoke",
    {
      config: { right: "merchant_key.manage" },
      schema: {
        tags,
        summary: "Revoke a key, at once",
        params: Type.Object({ id: IdSchema }),
        response: { 200: KeySchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = await revokeKey(database, whoOf(request), request.params.id);
      return answer(request, reply, isRefusal(key) ? key : keyBody(key));
    },
  );
}

function keyBody(key: MerchantKey): KeyBody {
  return {
    id: key.keyId,
    name: key.name,
    mode: key.mode,
    scopes: [...key.scopes],
    prefix: key.prefix,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}
