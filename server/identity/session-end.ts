import type { Topic } from "@onegate/contract";
import type { Database, OutboxEvent } from "../kernel/index.ts";
import type { StaffPrincipal } from "./staff.ts";
import { selectSession } from "./store.ts";

/** The events that end a stream opened by a staff session. */
export const SESSION_END_TOPICS = [
  "staff_session.ended",
  "device.revoked",
] as const satisfies readonly Topic[];

/** Ends a stream opened by a staff session when the session ends or its device is revoked. */
export function sessionEnd(
  database: Database,
  {
    merchantId,
    staffSessionId,
    deviceId,
  }: Pick<StaffPrincipal, "merchantId" | "staffSessionId" | "deviceId">,
) {
  return {
    at: ({ topic, subject }: Pick<OutboxEvent, "topic" | "subject">) =>
      (topic === "staff_session.ended" && subject === staffSessionId) ||
      (topic === "device.revoked" && subject === deviceId),
    isOver: async () => !(await selectSession(database.kysely, { merchantId, sessionId: staffSessionId })),
  };
}
