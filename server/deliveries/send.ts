import type { Id } from "@onegate/contract";
import { callPublic, inTransaction, mask } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { record } from "./record.ts";
import { openSecret, signed } from "./sign.ts";
import {
  claimDelivery,
  releaseEndpoint,
  leaseEndpoint,
  type Claimed,
  type Taken,
  type TryResult,
} from "./store.ts";
import { wakeLater } from "./wake.ts";

/** Connection, request and answer together. */
const TIMEOUT_MS = 10_000;
/** After this, another endpoint gets its turn; requests in progress are completed. */
const SLICE_MS = 5_000;
/** Much longer than a slice and its last request: when it expires, the worker is dead. */
const LEASE_MS = 60_000;
/** Parallel requests to one endpoint; an endpoint that has just failed gets one at a time. */
const CONCURRENCY = 4;
const SHOWN_BYTES = 500;
/** More is read than is shown, so that masking sees whole words. */
const READ_BYTES = 2_000;
const USER_AGENT = "Onegate-Webhooks/1";

/**
 * Sends what is due at one endpoint. The job belongs to an endpoint, not to a delivery, so the backlog of a
 * dead receiver stays in its own rows and never fills the queue that all endpoints share. Only one worker
 * sends to an endpoint at a time. It claims deliveries one by one for a few seconds, then leaves the rest to
 * the next turn. A try is committed before it is sent and completed afterwards.
 */
export async function sendDue(deliveries: Deliveries, merchantId: Id, endpointId: Id): Promise<void> {
  const { database } = deliveries;
  const endpoint = await leaseEndpoint(database.kysely, merchantId, endpointId, LEASE_MS);
  // another worker has it and looks again after its release, or it rests and a later job is scheduled
  if (!endpoint) return;
  let isWhole = false;
  try {
    await sendSlice(deliveries, endpoint);
    isWhole = true;
  } finally {
    await inTransaction(database, async (tx) => {
      const afterMs = await releaseEndpoint(tx, endpoint);
      // after an error, the queue retries this job with its own delay
      if (isWhole && afterMs !== undefined) await wakeLater(tx, endpoint, afterMs);
    });
  }
}

async function sendSlice(deliveries: Deliveries, endpoint: Taken): Promise<void> {
  const secrets = [endpoint.secret, endpoint.oldSecret].flatMap((closed) =>
    closed ? [openSecret(deliveries.box, closed, endpoint.endpointId)] : [],
  );
  const until = performance.now() + SLICE_MS;
  let isWell = true;
  async function sendInTurn(): Promise<void> {
    while (isWell && performance.now() < until) {
      const claimed = await claimDelivery(deliveries.database.kysely, endpoint, LEASE_MS);
      if (!claimed) return;
      const { result, retryAfter } = await send(deliveries, endpoint.url, secrets, claimed);
      if (!(await record(deliveries, endpoint, claimed, result, retryAfter))) isWell = false;
    }
  }
  const settled = await Promise.allSettled(
    Array.from({ length: endpoint.failures > 0 ? 1 : CONCURRENCY }, sendInTurn),
  );
  for (const result of settled) if (result.status === "rejected") throw result.reason;
}

async function send(
  { rules }: Deliveries,
  url: string,
  secrets: readonly string[],
  claimed: Claimed,
): Promise<{ result: TryResult; retryAfter: string | undefined }> {
  const begun = performance.now();
  const headers = {
    "content-type": "application/json",
    "user-agent": USER_AGENT,
    ...signed(secrets, claimed),
  };
  const answer = await callPublic(
    { url, headers, body: claimed.body, totalMs: TIMEOUT_MS, maxBytes: READ_BYTES },
    rules,
  );
  const ms = Math.round(performance.now() - begun);
  if ("error" in answer)
    return { result: { status: null, error: answer.error, ms, answer: null }, retryAfter: undefined };
  const { status, retryAfter, text } = answer;
  const error = status >= 200 && status < 300 ? null : status >= 300 && status < 400 ? "redirect" : "status";
  return { result: { status, error, ms, answer: maskedExcerpt(text) }, retryAfter };
}

/** The beginning of an answer, masked for its merchant. PostgreSQL's type text can't hold NUL. */
export function maskedExcerpt(text: string): string {
  const masked = Buffer.from(mask(text.replaceAll("\u0000", "")));
  return masked
    .subarray(0, SHOWN_BYTES)
    .toString("utf8")
    .replace(/\uFFFD$/, "");
}
