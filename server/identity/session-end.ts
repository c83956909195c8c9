import type { Topic } from "@onegate/contract";
import type { Database, OutboxEvent } from "../kernel/index.ts";
import type { StaffPrincipal } from "./staff.ts";
import { selectSession } from "./store.ts";

/** What ends a stream that a staff session opened. */
export const SESSION_END_TOPICS = [
  "staff_session.ended",
  "device.revoked",
] as const satisfies readonly Topic[];

/** When a stream that a staff session opened is over: with the session, or with its device. */
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
