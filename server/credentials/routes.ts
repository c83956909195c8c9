import {
  IdSchema,
  isRefusal,
  newAccountSchema,
  ProblemSchema,
  ProviderAccountSchema,
  SavedAccountSchema,
  type Credentials,
  type OwnProvider,
  type ProviderAccountBody,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { merchantOf, whoOf } from "../identity/index.ts";
import { answer, type Http } from "../kernel/index.ts";
import type { OwnAccount } from "./account.ts";
import type { Vault } from "./context.ts";
import { putAccount } from "./put-account.ts";
import { selectAccounts } from "./store.ts";
import { switchOff } from "./switch-off.ts";

const tags = ["provider"];
const service = "credentials";
const manage = { right: "provider.manage", service };
const problems = { "4xx": ProblemSchema, "5xx": ProblemSchema };

/** A merchant's own accounts at providers. Credentials are accepted here and never shown again. */
export function accountRoutes(http: Http, vault: Vault): void {
  http.get(
    "/api/v1/provider-accounts",
    {
      config: { right: "provider.read", service },
      schema: {
        tags,
        summary: "Own accounts at providers, without their secrets",
        response: { 200: Type.Object({ accounts: Type.Array(ProviderAccountSchema) }), ...problems },
      },
    },
    async (request) => ({
      accounts: (await selectAccounts(vault.database.kysely, merchantOf(request))).map((account) =>
        accountBody(vault, account),
      ),
    }),
  );

  const put = async (
    request: FastifyRequest,
    reply: FastifyReply,
    credentials: Credentials,
    verify = false,
  ) => {
    const saved = await putAccount(vault, whoOf(request), { credentials, verify });
    return answer(
      request,
      reply,
      isRefusal(saved) ? saved : { ...accountBody(vault, saved), verified: verify },
    );
  };
  const schemaOf = <P extends OwnProvider>(provider: P) => ({
    tags,
    summary: `Set the own account at ${provider} up, or change its credentials`,
    body: newAccountSchema(provider),
    response: { 200: SavedAccountSchema, ...problems },
  });

  http.put(
    "/api/v1/provider-accounts/tripay",
    { config: manage, schema: schemaOf("tripay") },
    (request, reply) =>
      put(request, reply, { provider: "tripay", ...request.body.credentials }, request.body.verify),
  );
  http.put(
    "/api/v1/provider-accounts/midtrans",
    { config: manage, schema: schemaOf("midtrans") },
    (request, reply) =>
      put(request, reply, { provider: "midtrans", ...request.body.credentials }, request.body.verify),
  );
  http.put(
    "/api/v1/provider-accounts/xendit",
    { config: manage, schema: schemaOf("xendit") },
    (request, reply) =>
      put(request, reply, { provider: "xendit", ...request.body.credentials }, request.body.verify),
  );

  http.put("/api/v1/provider-accounts/snap", { config: manage, schema: schemaOf("snap") }, (request, reply) =>
    put(request, reply, { provider: "snap", ...request.body.credentials }, request.body.verify),
  );

  http.post(
    "/api/v1/provider-accounts/:id/off",
    {
      config: manage,
      schema: {
        tags,
        summary: "Switch an own account off: it opens no more payments",
        params: Type.Object({ id: IdSchema }),
        response: { 200: ProviderAccountSchema, ...problems },
      },
    },
    async (request, reply) => {
      const account = await switchOff(vault, whoOf(request), request.params.id);
      return answer(request, reply, isRefusal(account) ? account : accountBody(vault, account));
    },
  );
}

function accountBody(
  { callbackUrl }: Vault,
  {
    accountId,
    provider,
    holder,
    hint,
    state,
    version,
    createdBy,
    createdAt,
    changedBy,
    changedAt,
  }: OwnAccount,
): ProviderAccountBody {
  return {
    id: accountId,
    provider,
    holder,
    hint,
    state,
    version,
    callback_url: callbackUrl(provider, accountId),
    created_by: createdBy,
    created_at: createdAt.toISOString(),
    changed_by: changedBy,
    changed_at: changedAt.toISOString(),
  };
}
