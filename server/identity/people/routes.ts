import {
  IdSchema,
  isRefusal,
  NewPinSchema,
  NewStaffSchema,
  OwnPinDoneSchema,
  OwnPinSchema,
  ProblemSchema,
  StaffChangeSchema,
  StaffMemberSchema,
  StaffSessionSchema,
  type Refusal,
  type StaffMemberBody,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { answer, type Database, type Http } from "../../kernel/index.ts";
import { staffOf } from "../guard.ts";
import { addStaff } from "./add-staff.ts";
import { changeStaff } from "./change-staff.ts";
import { endSession, listSessions } from "./sessions.ts";
import { setOwnPin, setPin, unblock } from "./set-pin.ts";
import { selectMembers, type Member } from "./store.ts";

const tags = ["staff"];
const problems = { "4xx": ProblemSchema } as const;
const done = { 204: Type.Null(), ...problems } as const;
const StaffParams = Type.Object({ id: IdSchema });

/** A merchant's people, their PINs and where they are signed in. */
export function peopleRoutes(http: Http, { database }: { database: Database }): void {
  http.get(
    "/api/v1/staff",
    {
      config: { right: "staff.read" },
      schema: {
        tags,
        summary: "The staff: all for an owner, the outlet's for others",
        response: { 200: Type.Object({ staff: Type.Array(StaffMemberSchema) }), ...problems },
      },
    },
    async (request) => {
      const { merchantId, outletId, role } = staffOf(request);
      return {
        staff: (
          await selectMembers(database.kysely, merchantId, { outletId: role === "owner" ? null : outletId })
        ).map(memberBody),
      };
    },
  );

  http.post(
    "/api/v1/staff",
    {
      config: { right: "staff.manage" },
      schema: {
        tags,
        summary: "Add a staff member",
        body: NewStaffSchema,
        response: { 201: StaffMemberSchema, ...problems },
      },
    },
    async (request, reply) => {
      const added = await addStaff(database, staffOf(request), request.body);
      return answer(request, reply, isRefusal(added) ? added : memberBody(added), 201);
    },
  );

  http.patch(
    "/api/v1/staff/:id",
    {
      config: { right: "staff.manage" },
      schema: {
        tags,
        summary: "Change a staff member",
        params: StaffParams,
        body: StaffChangeSchema,
        response: { 200: StaffMemberSchema, ...problems },
      },
    },
    async (request, reply) => {
      const changed = await changeStaff(database, staffOf(request), request.params.id, request.body);
      return answer(request, reply, isRefusal(changed) ? changed : memberBody(changed));
    },
  );

  http.put(
    "/api/v1/staff/me/pin",
    {
      config: { right: "pin.change" },
      schema: {
        tags,
        summary: "Set your own PIN, given the old one",
        body: OwnPinSchema,
        response: { 200: OwnPinDoneSchema, ...problems },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        await setOwnPin(database, staffOf(request), request.body.pin, request.body.new_pin),
      ),
  );

  http.put(
    "/api/v1/staff/:id/pin",
    {
      config: { right: "staff.manage" },
      schema: {
        tags,
        summary: "Set another person's PIN",
        params: StaffParams,
        body: NewPinSchema,
        response: done,
      },
    },
    async (request, reply) =>
      answerDone(
        request,
        reply,
        await setPin(database, staffOf(request), request.params.id, request.body.pin),
      ),
  );

  http.post(
    "/api/v1/staff/:id/unblock",
    {
      config: { right: "staff.manage" },
      schema: {
        tags,
        summary: "Lift delays and blocks caused by wrong PINs",
        params: StaffParams,
        response: done,
      },
    },
    async (request, reply) =>
      answerDone(request, reply, await unblock(database, staffOf(request), request.params.id)),
  );

  http.get(
    "/api/v1/staff-sessions",
    {
      config: { right: "staff_session.read" },
      schema: {
        tags,
        summary: "Where staff are signed in",
        response: { 200: Type.Object({ sessions: Type.Array(StaffSessionSchema) }), ...problems },
      },
    },
    async (request) => {
      const me = staffOf(request);
      return {
        sessions: (await listSessions(database, me)).map((session) => ({
          id: session.sessionId,
          staff: { id: session.staffId, name: session.staffName },
          device: { id: session.deviceId, name: session.deviceName, outlet_id: session.outletId },
          address: session.address,
          created_at: session.createdAt.toISOString(),
          expires_at: session.expiresAt.toISOString(),
          this_session: session.sessionId === me.staffSessionId,
        })),
      };
    },
  );

  http.delete(
    "/api/v1/staff-sessions/:id",
    {
      config: { right: "staff_session.end" },
      schema: { tags, summary: "End a session, at once", params: StaffParams, response: done },
    },
    async (request, reply) =>
      answerDone(request, reply, await endSession(database, staffOf(request), request.params.id)),
  );
}

function answerDone(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal | undefined,
): FastifyReply {
  return refusal ? answer(request, reply, refusal) : reply.code(204).send(null);
}

function memberBody(member: Member): StaffMemberBody {
  return {
    id: member.staffId,
    name: member.name,
    role: member.role,
    role_id: member.roleId,
    role_name: member.roleName,
    outlet_id: member.outletId,
    is_active: member.isActive,
    must_change_pin: member.mustChangePin,
    blocked_on: [...member.blockedOn],
    last_unlocked_at: member.lastUnlockedAt?.toISOString() ?? null,
    created_at: member.createdAt.toISOString(),
  };
}
