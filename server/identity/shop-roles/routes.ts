import {
  IdSchema,
  isRefusal,
  NewRoleSchema,
  ProblemSchema,
  RolesSchema,
  ShopRoleSchema,
  type ShopRoleBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { answer, type Database, type Http } from "../../kernel/index.ts";
import { staffOf } from "../guard.ts";
import { grantable, rightsOf } from "../rights.ts";
import { changeRole, makeRole, removeRole } from "./change-role.ts";
import { selectRoles, type ShopRole } from "./store.ts";
import { rightDescriptions } from "./words.ts";

const tags = ["staff"];
const problems = { "4xx": ProblemSchema } as const;
const RoleParams = Type.Object({ id: IdSchema });

/** The built-in roles, and the custom roles that a merchant makes from grantable rights. */
export function roleRoutes(http: Http, { database }: { database: Database }): void {
  http.get(
    "/api/v1/roles",
    {
      config: { right: "role.read" },
      schema: {
        tags,
        summary: "All roles, and the rights that one of your own may hold",
        response: { 200: RolesSchema, ...problems },
      },
    },
    async (request) => {
      const own = await selectRoles(database.kysely, staffOf(request).merchantId);
      return {
        roles: [
          ...(["owner", "manager", "cashier"] as const).map((name) => ({
            id: null,
            name,
            built_in: true,
            rights: [...rightsOf(name)],
          })),
          ...own.map(roleBody),
        ],
        grantable: grantable.map((right) => {
          const [id, en] = rightDescriptions[right] ?? [right, right];
          return { right, description_id: id, description_en: en };
        }),
      };
    },
  );

  http.post(
    "/api/v1/roles",
    {
      config: { right: "role.manage" },
      schema: {
        tags,
        summary: "Make a role",
        body: NewRoleSchema,
        response: { 201: ShopRoleSchema, ...problems },
      },
    },
    async (request, reply) => {
      const role = await makeRole(database, staffOf(request), request.body);
      return answer(request, reply, isRefusal(role) ? role : roleBody(role), 201);
    },
  );

  http.put(
    "/api/v1/roles/:id",
    {
      config: { right: "role.manage" },
      schema: {
        tags,
        summary: "Change a role of your own",
        params: RoleParams,
        body: NewRoleSchema,
        response: { 200: ShopRoleSchema, ...problems },
      },
    },
    async (request, reply) => {
      const role = await changeRole(database, staffOf(request), request.params.id, request.body);
      return answer(request, reply, isRefusal(role) ? role : roleBody(role));
    },
  );

  http.delete(
    "/api/v1/roles/:id",
    {
      config: { right: "role.manage" },
      schema: {
        tags,
        summary: "Remove a role that no staff member has",
        params: RoleParams,
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      const refusal = await removeRole(database, staffOf(request), request.params.id);
      return refusal ? answer(request, reply, refusal) : reply.code(204).send(null);
    },
  );
}

function roleBody({ roleId, name, rights }: ShopRole): ShopRoleBody {
  return { id: roleId, name, built_in: false, rights: [...rights] };
}
