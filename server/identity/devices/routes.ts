import {
  DeviceCodeSchema,
  DeviceSchema,
  EnrolledSchema,
  EnrolSchema,
  IdSchema,
  isRefusal,
  NewDeviceCodeSchema,
  OwnerRecoverySchema,
  ProblemSchema,
  RevokeDeviceSchema,
  SetupDoneSchema,
  type DeviceBody,
  type EnrolledBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { answer, type Database, type Http } from "../../kernel/index.ts";
import { addressOf } from "../address.ts";
import { staffOf } from "../guard.ts";
import type { Device } from "./device.ts";
import { enrol, type Enrolled, type Place } from "./enrol.ts";
import { makeDeviceCode } from "./make-code.ts";
import { sessionBody } from "../session-body.ts";
import { recoverOwner } from "./recover-owner.ts";
import { revokeDevice } from "./revoke.ts";
import { selectDevices } from "./store.ts";

const tags = ["devices"];
const problems = { "4xx": ProblemSchema } as const;

/** Tills as enrolled devices. */
export function deviceRoutes(
  http: Http,
  { database, publicUrl, demo }: { database: Database; publicUrl: () => string; demo?: Place | undefined },
): void {
  http.post(
    "/api/v1/till/devices",
    {
      config: { right: "till.open" },
      schema: {
        tags,
        summary: "Enrol this till by a code, or in a sandbox without one at the demo shop",
        body: EnrolSchema,
        response: { 201: EnrolledSchema, ...problems },
      },
    },
    async (request, reply) => {
      const enrolled = await enrol(database, { ...request.body, address: addressOf(request) }, demo);
      return answer(
        request,
        reply.header("cache-control", "no-store"),
        isRefusal(enrolled) ? enrolled : enrolledBody(enrolled),
        201,
      );
    },
  );

  http.post(
    "/api/v1/till/owner-recovery",
    {
      config: { right: "till.open" },
      schema: {
        tags,
        summary: "Restore an owner's access by a code that the server printed",
        body: OwnerRecoverySchema,
        response: { 201: SetupDoneSchema, ...problems },
      },
    },
    async (request, reply) => {
      const recovered = await recoverOwner(database, request.body, addressOf(request));
      return answer(
        request,
        reply.header("cache-control", "no-store"),
        isRefusal(recovered)
          ? recovered
          : { ...enrolledBody(recovered), session: sessionBody(recovered.session) },
        201,
      );
    },
  );

  http.post(
    "/api/v1/devices/codes",
    {
      config: { right: "device.manage" },
      schema: {
        tags,
        summary: "Make a code that enrols one device",
        body: NewDeviceCodeSchema,
        response: { 201: DeviceCodeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const made = await makeDeviceCode(database, staffOf(request), request.body);
      return answer(
        request,
        reply.header("cache-control", "no-store"),
        isRefusal(made)
          ? made
          : {
              code: made.code,
              expires_at: made.expiresAt.toISOString(),
              url: `${publicUrl()}/#enrol=${made.code}`,
            },
        201,
      );
    },
  );

  http.get(
    "/api/v1/devices",
    {
      config: { right: "device.read" },
      schema: {
        tags,
        summary: "The devices, those in use first",
        response: { 200: Type.Object({ devices: Type.Array(DeviceSchema) }), ...problems },
      },
    },
    async (request) => {
      const { merchantId, outletId, role, deviceId } = staffOf(request);
      return {
        devices: (await selectDevices(database.kysely, merchantId, role === "owner" ? null : outletId)).map(
          (device) => deviceBody(device, deviceId),
        ),
      };
    },
  );

  http.post(
    "/api/v1/devices/:id/revoke",
    {
      config: { right: "device.manage" },
      schema: {
        tags,
        summary: "Revoke a device, at once",
        params: Type.Object({ id: IdSchema }),
        body: RevokeDeviceSchema,
        response: { 200: DeviceSchema, ...problems },
      },
    },
    async (request, reply) => {
      const by = staffOf(request);
      const revoked = await revokeDevice(database, by, request.params.id, request.body.reason);
      return answer(request, reply, isRefusal(revoked) ? revoked : deviceBody(revoked, by.deviceId));
    },
  );
}

export function enrolledBody({ device, token }: Enrolled): EnrolledBody {
  return { device: { id: device.deviceId, name: device.name, outlet_id: device.outletId }, token };
}

function deviceBody(device: Device, thisDevice: string): DeviceBody {
  return {
    id: device.deviceId,
    name: device.name,
    outlet_id: device.outletId,
    enrolled_by: device.enrolledBy,
    enrolled_at: device.enrolledAt.toISOString(),
    last_seen_at: device.lastSeenAt.toISOString(),
    last_address: device.lastAddress,
    revoked_at: device.revokedAt?.toISOString() ?? null,
    revoked_reason: device.revokedReason,
    this_device: device.deviceId === thisDevice,
  };
}
