import { announce, type Tx } from "../../kernel/index.ts";
import type { AuditAction, Fields } from "./actions.ts";
import type { Who } from "./entry.ts";
import { recordedFields, plain } from "./mask.ts";

export const AUDIT = "audit.";

type AuditTopic = `${typeof AUDIT}${string}`;

export type Deed<A extends AuditAction = AuditAction> = {
  readonly action: A;
  /** The id of the object acted on. */
  readonly subject: string;
  readonly before?: Fields<A> | undefined;
  readonly after?: Fields<A> | undefined;
  readonly count?: number;
};

/** Announces a fact to the audit trail in the fact's own transaction, so that both commit or neither does. */
export async function announceAudit<A extends AuditAction>(
  tx: Tx,
  who: Who,
  { action, subject, before, after, count = 1 }: Deed<A>,
): Promise<void> {
  const topic: AuditTopic = `${AUDIT}${action}`;
  await announce(tx, who.merchantId, topic, plain(subject).slice(0, 80), {
    actor: plain(who.actor).slice(0, 80),
    device_id: who.deviceId,
    outlet_id: who.outletId,
    address: who.address && plain(who.address).slice(0, 64),
    request_id: who.requestId,
    count,
    before: recordedFields(action, before),
    after: recordedFields(action, after),
  });
}
