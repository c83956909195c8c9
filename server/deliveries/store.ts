import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Delivery, DeliveryState, Try, TryError } from "./delivery.ts";
import { FAILING_FOR, type DisableReason, type Endpoint, type EndpointState } from "./endpoint.ts";
import type { Message } from "./message.ts";
import { RETENTION } from "./schedule.ts";
import { ROTATION } from "./sign.ts";

// endpoints

type EndpointRow = {
  merchant_id: Id;
  endpoint_id: Id;
  url: string;
  description: string;
  topics: string[];
  state: EndpointState;
  reason: DisableReason | null;
  failing_since: Date | null;
  old_secret_until: Date | null;
  created_by: string;
  created_at: Date;
};

const ENDPOINT = sql.raw(`
  e.merchant_id, e.endpoint_id, e.url, e.description, e.topics, e.state, e.reason, e.failing_since,
  e.created_by, e.created_at,
  case when e.old_secret_until > now() then e.old_secret_until end as old_secret_until`);

function toEndpoint(row: EndpointRow): Endpoint {
  return {
    merchantId: row.merchant_id,
    endpointId: row.endpoint_id,
    url: row.url,
    description: row.description,
    topics: row.topics,
    state: row.state,
    reason: row.reason,
    failingSince: row.failing_since,
    oldSecretUntil: row.old_secret_until,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

export type NewEndpoint = Pick<
  Endpoint,
  "merchantId" | "endpointId" | "url" | "description" | "topics" | "createdBy"
> & { readonly secret: Buffer };

export async function insertEndpoint(tx: Tx, endpoint: NewEndpoint): Promise<void> {
  await sql`
    insert into webhook_endpoint
           (merchant_id, endpoint_id, url, description, topics, state, secret, created_by)
    values (${endpoint.merchantId}, ${endpoint.endpointId}, ${endpoint.url}, ${endpoint.description},
            ${[...endpoint.topics]}::varchar[], 'active', ${endpoint.secret}, ${endpoint.createdBy})`.execute(
    tx,
  );
}

/** A merchant's endpoints but for the deleted ones, oldest first. */
export async function selectEndpoints(executor: Executor, merchantId: Id): Promise<Endpoint[]> {
  const { rows } = await sql<EndpointRow>`
    select ${ENDPOINT} from webhook_endpoint e
     where merchant_id = ${merchantId} and state <> 'deleted'
     order by created_at, endpoint_id`.execute(executor);
  return rows.map(toEndpoint);
}

export async function selectEndpoint(
  executor: Executor,
  merchantId: Id,
  endpointId: Id,
  lock: "" | "for update" = "",
): Promise<Endpoint | undefined> {
  const { rows } = await sql<EndpointRow>`
    select ${ENDPOINT} from webhook_endpoint e
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId} and state <> 'deleted'
     ${sql.raw(lock)}`.execute(executor);
  const [row] = rows;
  return row && toEndpoint(row);
}

/**
 * The endpoints that get deliveries for events of these merchants: active ones, and those disabled for up to
 * 72 hours.
 */
export async function selectListeners(
  executor: Executor,
  merchantIds: readonly Id[],
): Promise<Array<Endpoint & { isResting: boolean }>> {
  const { rows } = await sql<EndpointRow & { is_resting: boolean }>`
    select ${ENDPOINT}, coalesce(rest_until > now(), false) as is_resting from webhook_endpoint e
     where merchant_id = any (${[...merchantIds]}::uuid[])
       and (state = 'active'
            or (state = 'disabled' and disabled_at > now() - ${RETENTION}::interval))`.execute(executor);
  return rows.map((row) => ({ ...toEndpoint(row), isResting: row.is_resting }));
}

/** Sealed secrets, the newest first, in the order of their signatures. */
export type ClosedSecrets = { readonly secret: Buffer; readonly oldSecret: Buffer | null };

export async function rotateSecret(
  tx: Tx,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
  secret: Buffer,
): Promise<void> {
  await sql`
    update webhook_endpoint
       set old_secret = secret, old_secret_until = now() + ${ROTATION}::interval, secret = ${secret}
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId}`.execute(tx);
}

export async function updateEndpoint(
  tx: Tx,
  { merchantId, endpointId, url, description, topics }: Endpoint,
): Promise<void> {
  await sql`
    update webhook_endpoint
       set url = ${url}, description = ${description}, topics = ${[...topics]}::varchar[]
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId}`.execute(tx);
}

/** Sets a new state and resets the count of failures. */
export async function markEndpoint(
  tx: Tx,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
  state: EndpointState,
  reason: DisableReason | null,
): Promise<void> {
  await sql`
    update webhook_endpoint
       set state = ${state}, reason = ${reason},
           disabled_at = case when ${state} = 'disabled' then now() end,
           failures = 0, failing_since = null, rest_until = null
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId}`.execute(tx);
}

/**
 * An endpoint that only this worker sends to, until it releases it or the lease expires. `lease` identifies
 * the lease.
 */
export type Taken = Pick<Endpoint, "merchantId" | "endpointId" | "url"> &
  ClosedSecrets & { readonly failures: number; readonly lease: string };

/**
 * Leases an endpoint for sending. Undefined when another worker has it, or when it is not active or rests.
 */
export async function leaseEndpoint(
  executor: Executor,
  merchantId: Id,
  endpointId: Id,
  leaseMs: number,
): Promise<Taken | undefined> {
  const { rows } = await sql<{
    url: string;
    secret: Buffer;
    old_secret: Buffer | null;
    failures: number;
    lease: string;
  }>`
    update webhook_endpoint set sending_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId} and state = 'active'
       and coalesce(rest_until <= now(), true) and coalesce(sending_until <= now(), true)
    returning url, secret, case when old_secret_until > now() then old_secret end as old_secret,
              failures, sending_until::text as lease`.execute(executor);
  const [row] = rows;
  return (
    row && {
      merchantId,
      endpointId,
      url: row.url,
      secret: row.secret,
      oldSecret: row.old_secret,
      failures: row.failures,
      lease: row.lease,
    }
  );
}

/**
 * Releases an endpoint. Returns the milliseconds until something is due to be sent to it; undefined when
 * nothing waits or it is not active.
 */
export async function releaseEndpoint(
  tx: Tx,
  { merchantId, endpointId, lease }: Taken,
): Promise<number | undefined> {
  await sql`
    update webhook_endpoint set sending_until = null
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId}
       and sending_until = ${lease}::timestamptz`.execute(tx);
  // a separate statement, to see what was committed while the first one waited for its lock
  const { rows } = await sql<{ ms: number | null }>`
    select greatest(0, extract(epoch from greatest(min(d.next_try_at), e.rest_until) - now()) * 1000)::float8
             as ms
      from webhook_endpoint e join webhook_delivery d using (merchant_id, endpoint_id)
     where e.merchant_id = ${merchantId} and e.endpoint_id = ${endpointId}
       and e.state = 'active' and d.next_try_at is not null
     group by e.rest_until`.execute(tx);
  return rows[0]?.ms ?? undefined;
}

export async function countSuccess(
  tx: Tx,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
): Promise<void> {
  await sql`
    update webhook_endpoint set failures = 0, failing_since = null, rest_until = null
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId} and failures > 0`.execute(tx);
}

/** Counts a failure. Returns the number of consecutive failures, and whether they have lasted for a day. */
export async function countFailure(
  tx: Tx,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
): Promise<{ failures: number; hasFailedLong: boolean; state: EndpointState }> {
  const { rows } = await sql<{ failures: number; has_failed_long: boolean; state: EndpointState }>`
    update webhook_endpoint set failures = failures + 1, failing_since = coalesce(failing_since, now())
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId}
    returning failures, failing_since <= now() - ${FAILING_FOR}::interval as has_failed_long, state`.execute(
    tx,
  );
  const [row] = rows;
  if (!row) throw new Error("the endpoint of a delivery was not found");
  return { failures: row.failures, hasFailedLong: row.has_failed_long, state: row.state };
}

export async function restEndpoint(
  tx: Tx,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
  seconds: number,
): Promise<void> {
  await sql`
    update webhook_endpoint set rest_until = now() + ${seconds} * interval '1 second'
     where merchant_id = ${merchantId} and endpoint_id = ${endpointId}`.execute(tx);
}

// deliveries

type DeliveryRow = {
  merchant_id: Id;
  delivery_id: Id;
  endpoint_id: Id;
  message_id: string;
  topic: string;
  state: DeliveryState;
  tries: number;
  next_try_at: Date | null;
  last_status: number | null;
  last_error: TryError | null;
  last_ms: number | null;
  created_at: Date;
  delivered_at: Date | null;
};

const DELIVERY = sql.raw(`
  d.merchant_id, d.delivery_id, d.endpoint_id, d.message_id, d.topic, d.state, d.tries, d.next_try_at,
  d.last_status, d.last_error, d.last_ms, d.created_at, d.delivered_at`);

function toDelivery(row: DeliveryRow): Delivery {
  return {
    merchantId: row.merchant_id,
    deliveryId: row.delivery_id,
    endpointId: row.endpoint_id,
    messageId: row.message_id,
    topic: row.topic,
    state: row.state,
    tries: row.tries,
    nextTryAt: row.next_try_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
    lastMs: row.last_ms,
    createdAt: row.created_at,
    deliveredAt: row.delivered_at,
  };
}

export type NewDelivery = {
  readonly merchantId: Id;
  readonly endpointId: Id;
  readonly deliveryId: Id;
  readonly message: Message;
};

/** Inserts deliveries that are due at once; existing ones stay as they are. */
export async function insertDeliveries(tx: Tx, deliveries: readonly NewDelivery[]): Promise<void> {
  await sql`
    insert into webhook_delivery
           (merchant_id, delivery_id, endpoint_id, message_id, topic, body, state, next_try_at)
    select u.*, 'pending', now()
      from unnest(${deliveries.map(({ merchantId }) => merchantId)}::uuid[],
                  ${deliveries.map(({ deliveryId }) => deliveryId)}::uuid[],
                  ${deliveries.map(({ endpointId }) => endpointId)}::uuid[],
                  ${deliveries.map(({ message }) => message.messageId)}::text[],
                  ${deliveries.map(({ message }) => message.topic)}::text[],
                  ${deliveries.map(({ message }) => message.body)}::text[]) as u
    on conflict do nothing`.execute(tx);
}

/** A delivery of an endpoint that is not deleted. */
export async function selectDelivery(
  executor: Executor,
  merchantId: Id,
  deliveryId: Id,
  lock: "" | "for update of d" = "",
): Promise<(Delivery & { body: string }) | undefined> {
  const { rows } = await sql<DeliveryRow & { body: string }>`
    select ${DELIVERY}, d.body
      from webhook_delivery d join webhook_endpoint e using (merchant_id, endpoint_id)
     where d.merchant_id = ${merchantId} and d.delivery_id = ${deliveryId} and e.state <> 'deleted'
     ${sql.raw(lock)}`.execute(executor);
  const [row] = rows;
  return row && { ...toDelivery(row), body: row.body };
}

export type DeliveryFilter = {
  readonly endpointId?: Id;
  readonly state?: DeliveryState;
  /** Only deliveries before this id. */
  readonly before?: Id;
};

/** Deliveries of events, the newest event first. */
export async function selectDeliveries(
  executor: Executor,
  merchantId: Id,
  { endpointId, state, before }: DeliveryFilter,
  limit: number,
): Promise<Delivery[]> {
  const { rows } = await sql<DeliveryRow>`
    select ${DELIVERY} from webhook_delivery d join webhook_endpoint e using (merchant_id, endpoint_id)
     where d.merchant_id = ${merchantId} and e.state <> 'deleted'
       ${endpointId ? sql`and d.endpoint_id = ${endpointId}` : sql``}
       ${state ? sql`and d.state = ${state}` : sql``}
       ${before ? sql`and d.delivery_id < ${before}` : sql``}
     order by d.delivery_id desc limit ${limit}`.execute(executor);
  return rows.map(toDelivery);
}

export async function selectTries(
  executor: Executor,
  merchantId: Id,
  deliveryId: Id,
  limit: number,
): Promise<Try[]> {
  const { rows } = await sql<{
    try: number;
    sent_at: Date;
    status: number | null;
    error: TryError | null;
    ms: number | null;
    answer: string | null;
  }>`
    select try, sent_at, status, error, ms, answer from webhook_try
     where merchant_id = ${merchantId} and delivery_id = ${deliveryId}
     order by try desc limit ${limit}`.execute(executor);
  return rows.map(({ sent_at: sentAt, ...rest }) => ({ ...rest, sentAt }));
}

/** A delivery that is about to be sent. `sentAt` is Unix seconds by the database's clock. */
export type Claimed = {
  readonly deliveryId: Id;
  readonly messageId: string;
  readonly body: string;
  readonly tries: number;
  readonly step: number;
  readonly sentAt: bigint;
};

/**
 * Claims the next due delivery and inserts its try, in one statement. If its worker dies, the delivery is due
 * again when the lease expires.
 */
export async function claimDelivery(
  executor: Executor,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
  leaseMs: number,
): Promise<Claimed | undefined> {
  const { rows } = await sql<{
    delivery_id: Id;
    message_id: string;
    body: string;
    tries: number;
    step: number;
    sent_at: bigint;
  }>`
    with claimed as (
      update webhook_delivery
         set tries = tries + 1, step = step + 1,
             next_try_at = now() + ${leaseMs}::float8 * interval '1 millisecond'
       where merchant_id = ${merchantId} and delivery_id = (
         select delivery_id from webhook_delivery
          where merchant_id = ${merchantId} and endpoint_id = ${endpointId} and next_try_at <= now()
          order by next_try_at limit 1 for update skip locked)
      returning merchant_id, delivery_id, message_id, body, tries, step,
                extract(epoch from now())::bigint as sent_at),
    written as (
      insert into webhook_try (merchant_id, delivery_id, try)
      select merchant_id, delivery_id, tries from claimed)
    select delivery_id, message_id, body, tries, step, sent_at from claimed`.execute(executor);
  const [row] = rows;
  return (
    row && {
      deliveryId: row.delivery_id,
      messageId: row.message_id,
      body: row.body,
      tries: row.tries,
      step: row.step,
      sentAt: row.sent_at,
    }
  );
}

export type TryResult = {
  readonly status: number | null;
  readonly error: TryError | null;
  readonly ms: number;
  readonly answer: string | null;
};

export async function completeTry(
  tx: Tx,
  merchantId: Id,
  { deliveryId, tries }: Claimed,
  { status, error, ms, answer }: TryResult,
): Promise<void> {
  await sql`
    update webhook_try set status = ${status}, error = ${error}, ms = ${ms}, answer = ${answer}
     where merchant_id = ${merchantId} and delivery_id = ${deliveryId} and try = ${tries}`.execute(tx);
}

export async function lockDelivery(
  tx: Tx,
  merchantId: Id,
  deliveryId: Id,
): Promise<{ state: DeliveryState; step: number } | undefined> {
  const { rows } = await sql<{ state: DeliveryState; step: number }>`
    select state, step from webhook_delivery
     where merchant_id = ${merchantId} and delivery_id = ${deliveryId} for update`.execute(tx);
  return rows[0];
}

/** Saves the result of a try; `waitMs` is the time until the next try, if there is one. */
export async function markDelivery(
  tx: Tx,
  merchantId: Id,
  deliveryId: Id,
  state: DeliveryState,
  waitMs: number | undefined,
  { status, error, ms }: TryResult,
): Promise<void> {
  await sql`
    update webhook_delivery
       set state = ${state}, next_try_at = now() + ${waitMs ?? null}::float8 * interval '1 millisecond',
           last_status = ${status}, last_error = ${error}, last_ms = ${ms},
           delivered_at = case when ${state} = 'delivered' then now() else delivered_at end
     where merchant_id = ${merchantId} and delivery_id = ${deliveryId}`.execute(tx);
}

export async function restartDelivery(
  tx: Tx,
  merchantId: Id,
  deliveryId: Id,
  state: DeliveryState,
): Promise<void> {
  await sql`
    update webhook_delivery set state = ${state}, step = 0, begun_at = now(), next_try_at = now()
     where merchant_id = ${merchantId} and delivery_id = ${deliveryId}`.execute(tx);
}

/**
 * The same for an endpoint's deliveries in a state of `from` whose events happened since a time, oldest
 * first. Returns their count.
 */
export async function restartDeliveries(
  tx: Tx,
  { merchantId, endpointId }: Pick<Endpoint, "merchantId" | "endpointId">,
  since: Date,
  from: readonly DeliveryState[],
  state: DeliveryState,
  limit: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    update webhook_delivery set state = ${state}, step = 0, begun_at = now(), next_try_at = now()
     where merchant_id = ${merchantId} and delivery_id in (
       select delivery_id from webhook_delivery
        where merchant_id = ${merchantId} and endpoint_id = ${endpointId}
          and delivery_id >= lowest_uuid_at(${since}) and state = any (${[...from]}::text[])
        order by delivery_id limit ${limit} for update)`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}

// periodic jobs

/**
 * Active endpoints with a delivery that has been due for a minute, and that neither rest nor have a worker.
 */
export async function selectForgotten(
  executor: Executor,
): Promise<Array<{ merchantId: Id; endpointId: Id }>> {
  const { rows } = await sql<{ merchantId: Id; endpointId: Id }>`
    select e.merchant_id as "merchantId", e.endpoint_id as "endpointId" from webhook_endpoint e
     where e.state = 'active'
       and coalesce(e.rest_until <= now(), true) and coalesce(e.sending_until <= now(), true)
       and exists (select from webhook_delivery d
                    where d.merchant_id = e.merchant_id and d.endpoint_id = e.endpoint_id
                      and d.next_try_at < now() - interval '1 minute')`.execute(executor);
  return rows;
}

/**
 * Gives up deliveries that have waited for a disabled or deleted endpoint for 72 hours. Returns their count.
 */
export async function giveUpWaiting(
  executor: Executor,
  from: readonly DeliveryState[],
  state: DeliveryState,
  limit: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    update webhook_delivery d set state = ${state}, next_try_at = null
      from (select merchant_id, delivery_id
              from webhook_delivery w join webhook_endpoint e using (merchant_id, endpoint_id)
             where w.state = any (${[...from]}::text[]) and w.begun_at < now() - ${RETENTION}::interval
               and e.state <> 'active'
             limit ${limit} for update of w skip locked) as waiting
     where d.merchant_id = waiting.merchant_id and d.delivery_id = waiting.delivery_id`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

/** Deletes finished deliveries older than `age`. Returns their count. */
export async function deleteOldDeliveries(executor: Executor, age: string, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from webhook_delivery d
     using (select merchant_id, delivery_id from webhook_delivery
             where created_at < now() - ${age}::interval and next_try_at is null
             limit ${limit}) as old
     where d.merchant_id = old.merchant_id and d.delivery_id = old.delivery_id`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

/** Deletes deliveries to deleted endpoints. Returns their count. */
export async function deleteEndedDeliveries(executor: Executor, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from webhook_delivery d
     using (select merchant_id, delivery_id
              from webhook_endpoint e join webhook_delivery w using (merchant_id, endpoint_id)
             where e.state = 'deleted'
             limit ${limit}) as ended
     where d.merchant_id = ended.merchant_id and d.delivery_id = ended.delivery_id`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

export async function deleteEmptyEndpoints(executor: Executor): Promise<void> {
  await sql`
    delete from webhook_endpoint e
     where e.state = 'deleted' and coalesce(e.sending_until <= now(), true)
       and not exists (select from webhook_delivery d
                        where d.merchant_id = e.merchant_id and d.endpoint_id = e.endpoint_id)`.execute(
    executor,
  );
}

/** Undelivered deliveries to active endpoints, counted by state. */
export async function countUndelivered(
  executor: Executor,
): Promise<Array<{ state: DeliveryState; count: number }>> {
  const { rows } = await sql<{ state: DeliveryState; count: number }>`
    select d.state, count(*)::int as count
      from webhook_delivery d join webhook_endpoint e using (merchant_id, endpoint_id)
     where d.state <> 'delivered' and e.state = 'active' group by d.state`.execute(executor);
  return rows;
}

/**
 * Seconds that the oldest pending delivery to an active endpoint has waited for its first try; 0 when there
 * is none.
 */
export async function oldestPending(executor: Executor): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from now() - d.begun_at)::float8 as seconds
      from webhook_delivery d join webhook_endpoint e using (merchant_id, endpoint_id)
     where d.state = 'pending' and e.state = 'active' order by d.begun_at limit 1`.execute(executor);
  return rows[0]?.seconds ?? 0;
}
