import { refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { endSessions } from "../devices/store.ts";
import { selectSessions, type ListedSession } from "./store.ts";
import type { By } from "./may-manage.ts";

/**
 * The open sessions that the requester may see: an owner all, a manager those at their outlet, others their
 * own.
 */
export function listSessions(
  { kysely }: Database,
  { merchantId, role, outletId, staffId }: By,
): Promise<ListedSession[]> {
  return selectSessions(
    kysely,
    merchantId,
    role === "owner" ? {} : role === "manager" ? { outletId } : { staffId },
  );
}

/**
 * Ends a session and its streams. Staff may end their own, an owner any, a manager those at their outlet
 * except an owner's. Refuses `session_unknown`, `forbidden`.
 */
export async function endSession(database: Database, by: By, sessionId: Id): Promise<Refusal | undefined> {
  return inTransaction(database, async (tx) => {
    const [session] = await selectSessions(tx, by.merchantId, { sessionId });
    const isOwn = session?.staffId === by.staffId;
    if (
      !session ||
      (!isOwn && by.role !== "owner" && !(by.role === "manager" && session.outletId === by.outletId))
    )
      return refuse("session_unknown");
    if (!isOwn && by.role !== "owner" && session.staffRole === "owner") return refuse("forbidden");
    await endSessions(tx, { merchantId: by.merchantId, sessionId });
    await announceAudit(tx, by.who, {
      action: "staff.session_ended",
      subject: session.staffId,
      before: { device_id: session.deviceId },
    });
    return undefined;
  });
}
