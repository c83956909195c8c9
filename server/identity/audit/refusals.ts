import type { Id } from "@onegate/contract";
import { everywhere, inTransaction, type Database, type Log } from "../../kernel/index.ts";
import type { AuditAction, Fields } from "./actions.ts";
import { announceAudit, type Deed } from "./announce-audit.ts";
import type { Who } from "./entry.ts";

/**
 * Audits refusals. A refused request has no transaction, so it is noted in memory and written a moment later,
 * which does not delay its answer.
 */
export type Refusals = {
  note<A extends AuditAction>(who: Who, action: A, subject: string, after?: Fields<A>): void;
  /** Writes what is pending, then ends. */
  stop(): Promise<void>;
};

/** Within this time, repeats of a refusal are counted instead of written. */
const WINDOW_MS = 60_000;
/** Different refusals of a merchant in that time. Beyond these, only the action and a count are written. */
export const MAX_DISTINCT = 100;
const WRITE_AFTER_MS = 100;
const RETRY_AFTER_MS = 1_000;
/** Refusals waiting while the database is unavailable. Any beyond these are lost. */
const MAX_PENDING = 10_000;
const VARIOUS = "various";

type Noted = { readonly who: Who; readonly deed: Deed };
type Window = Noted & { readonly since: number; repeats: number };

/**
 * Keeps a flood of refusals from filling the disk. The first refusal of an actor, action, subject and address
 * is written at once; its repeats within the next minute are written together, as one entry with their count.
 * Refusals that are not written yet are lost if the process is killed.
 */
export function createRefusals(
  database: Database,
  log: Log,
  now: () => number = () => performance.now(),
): Refusals {
  const windows = new Map<Id, Map<string, Window>>();
  let pending: Noted[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  const writeSoon = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = write();
    }, ms).unref();
  };

  function add(noted: Noted): void {
    if (pending.length < MAX_PENDING) pending.push(noted);
    writeSoon(WRITE_AFTER_MS);
  }

  async function write(): Promise<void> {
    closeWindows(now() - WINDOW_MS);
    const batch = pending;
    pending = [];
    try {
      if (batch.length > 0) {
        // the timer inherits one merchant's request, but this writes for all merchants
        await everywhere(() =>
          inTransaction(database, async (tx) => {
            for (const { who, deed } of batch) await announceAudit(tx, who, deed);
          }),
        );
      }
    } catch (error) {
      log.warn(
        { err: error, refusals: batch.length },
        "refusals could not be written to the audit trail; will retry",
      );
      pending = [...batch, ...pending].slice(0, MAX_PENDING);
    }
    if (pending.length > 0 || windows.size > 0) writeSoon(RETRY_AFTER_MS);
  }

  /** Closes the windows that began before a time (ms), and writes the count of their repeats. */
  function closeWindows(before: number): void {
    for (const [merchantId, merchantWindows] of windows) {
      for (const [key, { who, deed, since, repeats }] of merchantWindows) {
        if (since > before) continue;
        merchantWindows.delete(key);
        if (repeats > 0 && pending.length < MAX_PENDING)
          pending.push({ who, deed: { ...deed, count: repeats } });
      }
      if (merchantWindows.size === 0) windows.delete(merchantId);
    }
  }

  return {
    note(who, action, subject, after) {
      const merchantWindows = windows.get(who.merchantId) ?? new Map<string, Window>();
      windows.set(who.merchantId, merchantWindows);
      const key = [who.actor, action, subject, who.address, JSON.stringify(after)].join("\n");
      const window = merchantWindows.get(key);
      if (window) return void window.repeats++;
      if (merchantWindows.size < MAX_DISTINCT)
        return open(merchantWindows, key, { who, deed: { action, subject, after } });
      const others = merchantWindows.get(action);
      if (others) return void others.repeats++;
      open(merchantWindows, action, {
        who: {
          merchantId: who.merchantId,
          actor: VARIOUS,
          deviceId: null,
          outletId: null,
          address: null,
          requestId: null,
        },
        deed: { action, subject: VARIOUS },
      });
    },
    async stop() {
      clearTimeout(timer);
      await writing;
      closeWindows(Infinity);
      await write();
      clearTimeout(timer);
    },
  };

  function open(merchantWindows: Map<string, Window>, key: string, noted: Noted): void {
    merchantWindows.set(key, { ...noted, since: now(), repeats: 0 });
    add(noted);
  }
}
