import {
  IDR,
  isRefusal,
  newId,
  WEBHOOK_TRIES_AT_S,
  type DeliveryBody,
  type DeliveryWithTriesBody,
  type EndpointBody,
  type EndpointWithSecretBody,
  type Id,
  type NewEndpointBody,
  type EventPayload,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { bySystem, createSecretBox, insertMerchant } from "../identity/index.ts";
import {
  announce,
  consume,
  createLog,
  createMetrics,
  idMaker,
  inTransaction,
  readSettings,
  START,
  StartFailure,
  systemClock,
  type AddressRules,
  type Database,
  type OutboxEvent,
} from "../kernel/index.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { changeEndpoint } from "./change-endpoint.ts";
import { createEndpoint, type WithSecret } from "./create-endpoint.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { deliveryLifecycle, nextDelivery, type DeliveryEvent, type DeliveryState } from "./delivery.ts";
import {
  endpointLifecycle,
  nextEndpoint,
  restSeconds,
  type EndpointEvent,
  type EndpointState,
} from "./endpoint.ts";
import {
  createDeliveryMetrics,
  deliver,
  forgetOldDeliveries,
  sendDue,
  sweepDeliveries,
  type Deliveries,
} from "./index.ts";
import { listensTo, toMessage } from "./message.ts";
import { pingEndpoint } from "./ping.ts";
import { replayDelivery, replaySince } from "./replay.ts";
import { rotate } from "./rotate-secret.ts";
import { waitMs } from "./schedule.ts";
import { maskedExcerpt } from "./send.ts";
import { wake } from "./wake.ts";

const GUIDE = readFileSync(new URL("../../docs/guides/webhooks.md", import.meta.url), "utf8");
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };
type Receiver = {
  readonly url: string;
  readonly received: Received[];
  /** Sets the answer to later requests. */
  reply(answer: (response: ServerResponse) => void): void;
  close(): void;
};

const closings: Array<() => void> = [];
after(() => closings.forEach((close) => close()));

/** A merchant's server; it answers 204 by default. */
async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let answer: (response: ServerResponse) => void = status(204);
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    received.push({ headers: request.headers, body: await text(request) });
    answer(response);
  }
  const server = createServer((request, response) => void receive(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  closings.push(close);
  return {
    close,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    reply: (next) => (answer = next),
  };
}

const status =
  (code: number, headers: Record<string, string> = {}, body = "") =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end(body);
const never = () => undefined;

const verified = (secret: string, { headers, body }: Received) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    timestamp: string;
    data: Record<string, unknown>;
  };
const verifies = (secret: string, received: Received) => {
  try {
    verified(secret, received);
    return true;
  } catch {
    return false;
  }
};
const idOf = ({ headers }: Received) => String(headers["webhook-id"]);

/** Waits long enough for a machine that many tests share. */
const soon = <T>(ask: () => Promise<T>, isSo: (answer: T) => boolean) => until(ask, isSo, 15_000);

/** Makes the waiting deliveries of an endpoint due now, and ends its rest. */
async function passTime(database: Database, endpointId: Id): Promise<void> {
  const { rows } = await database.pool.query<{ merchant_id: Id }>(
    `update webhook_endpoint
        set rest_until = null,
            sending_until = case when sending_until > now() + interval '1 hour' then sending_until end
      where endpoint_id = $1 returning merchant_id`,
    [endpointId],
  );
  await database.pool.query(
    "update webhook_delivery set next_try_at = now() where endpoint_id = $1 and next_try_at is not null",
    [endpointId],
  );
  await inTransaction(database, (tx) => wake(tx, { merchantId: rows[0]?.merchant_id ?? "", endpointId }));
}

function saleOf(saleId: Id): EventPayload<"sale.paid"> {
  return {
    sale_id: saleId,
    outlet_id: newId(),
    receipt_number: "KS1-261121-0007",
    business_date: "2026-11-21",
    hour: 9,
    method: "CASH",
    currency: "IDR",
    gross: "4600000",
    tax: "455856",
    lines: [],
    oversold: [],
  };
}

async function announceSale(
  database: Database,
  merchantId: Id,
  payload: Record<string, unknown> = {},
): Promise<Id> {
  const saleId = newId();
  await inTransaction(database, (tx) =>
    announce(tx, merchantId, "sale.paid", saleId, { ...saleOf(saleId), ...payload }),
  );
  return saleId;
}

describe("the rules of deliveries", () => {
  it("the lifecycle of a delivery covers every state and every event", () => {
    const events: DeliveryEvent[] = ["succeed", "fail", "exhaust", "replay"];
    const table = Object.keys(deliveryLifecycle).map(
      (state) =>
        `${state}: ${events.map((event) => nextDelivery(state as DeliveryState, event) ?? "-").join(" ")}`,
    );
    assert.deepEqual(table, [
      "pending: delivered failed dead -",
      "failed: delivered failed dead pending",
      "delivered: - - - pending",
      "dead: delivered - - pending",
    ]);
  });

  it("the lifecycle of an endpoint covers every state and every event", () => {
    const events: EndpointEvent[] = ["disable", "enable", "delete"];
    const table = Object.keys(endpointLifecycle).map(
      (state) =>
        `${state}: ${events.map((event) => nextEndpoint(state as EndpointState, event) ?? "-").join(" ")}`,
    );
    assert.deepEqual(table, ["active: disabled - deleted", "disabled: - active deleted", "deleted: - - -"]);
  });

  it("the waits between tries grow, last 72 hours in all, and vary by a tenth", () => {
    const waits = WEBHOOK_TRIES_AT_S.map((_, i) => waitMs(i + 1, 0.5));
    assert.equal(waits.at(-1), undefined, "there is no wait after the last try");
    const known = waits.slice(0, -1).map(Number);
    assert.equal(
      known.reduce((sum, wait) => sum + wait),
      72 * 3_600_000,
    );
    assert.deepEqual(
      known,
      known.toSorted((a, b) => a - b),
    );
    assert.deepEqual([waitMs(1, 0), waitMs(1, 1)], [4_500, 5_500]);
  });

  it("an endpoint rests from its third failure in a row on, or as requested, up to an hour", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 8, 9, 1_000].map((failures) => restSeconds(failures, undefined)),
      [0, 0, 8, 16, 256, 300, 300],
    );
    assert.deepEqual(
      ["30", "999999", "-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT"].map((header) => restSeconds(1, header)),
      [30, 3_600, 0, 0, 0],
    );
  });

  it("the guide shows the actual schedule", () => {
    const spoken = (s: number) => (s < 60 ? `${s} s` : s < 3_600 ? `${s / 60} min` : `${s / 3_600} h`);
    const rows = WEBHOOK_TRIES_AT_S.slice(1).map(
      (at, i) => `| ${i + 2} | ${spoken(at)} | ${spoken(at - (WEBHOOK_TRIES_AT_S[i] ?? 0))} |`,
    );
    for (const row of rows) assert.ok(GUIDE.includes(row), row);
  });

  it("a message has amounts in the API's form, and none without a currency", () => {
    const event = {
      merchantId: newId(),
      cursor: START,
      topic: "refund.succeeded",
      subject: "R1",
      occurredAt: new Date(0),
    };
    const messageIdOf = (payload: object) => toMessage({ ...event, payload } as OutboxEvent).messageId;
    const data = (payload: Record<string, unknown>) =>
      (JSON.parse(toMessage({ ...event, payload } as OutboxEvent).body) as { data: unknown }).data;
    assert.deepEqual(data({ amount: "-1250", currency: "JPY" }), {
      id: "R1",
      amount: { amount: "-1250", currency: "JPY" },
    });
    assert.deepEqual(data({ amount: "1250", tax: "oops", currency: "KWD" }), {
      id: "R1",
      amount: { amount: "1.250", currency: "KWD" },
    });
    assert.deepEqual(data({ amount: "1250" }), { id: "R1" });
    assert.equal(messageIdOf({}), messageIdOf({}));
  });

  it("an endpoint listens to a family of topics or to one topic", () => {
    assert.ok(listensTo(["sale.*"], "sale.paid") && listensTo(["case.opened", "sale.paid"], "sale.paid"));
    assert.ok(
      !listensTo(["sale.*", "payment.succeeded"], "payment.failed") && !listensTo(["sale.*"], "sales.paid"),
    );
  });
});

describe("webhooks, on the whole program", () => {
  let program: TestProgram;
  let keys = 0;
  before(async () => {
    program = await openTestProgram({ environment: { ONEGATE_DELIVERY_PRIVATE: "on" } });
  });
  after(async () => {
    closings.splice(0).forEach((close) => close());
    await program.close();
  });

  afterEach(async () => {
    for (const { id } of await endpoints())
      assert.equal((await call("DELETE", `endpoints/${id}`)).status, 204);
  });

  const call = <T>(method: string, path: string, body?: unknown) =>
    program.call<T>(method, `/api/v1/webhooks/${path}`, {
      ...(body === undefined ? {} : { body }),
      headers: { "idempotency-key": `k-${(keys += 1)}` },
    });
  async function endpointAt(
    url: string,
    topics: NewEndpointBody["topics"] = ["sale.*"],
  ): Promise<EndpointWithSecretBody> {
    const { status, body } = await call<EndpointWithSecretBody>("POST", "endpoints", { url, topics });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }
  const endpoints = async () =>
    (await call<{ endpoints: EndpointBody[] }>("GET", "endpoints")).body.endpoints;
  const endpoint = async (id: Id) => (await endpoints()).find((each) => each.id === id);
  const deliveriesOf = async (id: Id, query = "") =>
    (
      await call<{ deliveries: DeliveryBody[]; next: string | null }>(
        "GET",
        `deliveries?endpoint_id=${id}${query}`,
      )
    ).body;
  const first = async (id: Id) => (await deliveriesOf(id)).deliveries[0];
  const triesOf = async (id: Id) => (await call<DeliveryWithTriesBody>("GET", `deliveries/${id}`)).body;
  const arrived = (receiver: Receiver, count: number) =>
    soon(
      async () => receiver.received.length,
      (length) => length >= count,
    );
  const sale = (payload?: Record<string, unknown>) => announceSale(program.database, DEMO_MERCHANT, payload);

  it("a paid sale reaches the merchant's server, and the standard's own library verifies it", async () => {
    const receiver = await startReceiver();
    const { id, secret } = await endpointAt(receiver.url, ["sale.paid"]);
    const cashier = await program.unlock("Sari", "111111");
    const catalogue = await program.call<Parameters<typeof newSale>[0]>("GET", "/api/v1/till/catalogue", {
      token: cashier,
    });
    const sold = await sell(program, cashier, newSale(catalogue.body, ["Latte"], "exact"));
    await arrived(receiver, 1);
    const [message] = receiver.received;
    assert.ok(message);
    const { type, timestamp, data } = verified(secret, message);
    assert.equal(type, "sale.paid");
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
    assert.deepEqual(
      [data["id"], data["receipt_number"], data["gross"]],
      [sold.body.id, sold.body.receipt_number, sold.body.total],
    );
    assert.match(idOf(message), /^msg_[0-9a-f]{32}$/);
    assert.match(String(message.headers["webhook-signature"]), /^v1,[A-Za-z0-9+/]{43}=$/);
    assert.equal(message.headers["content-type"], "application/json");
    const delivered = await soon(
      () => first(id),
      (one) => one?.state === "delivered",
    );
    assert.deepEqual(
      [delivered?.tries, delivered?.last_status, delivered?.message_id, delivered?.next_try_at],
      [1, 204, idOf(message), null],
    );
    assert.equal((await triesOf(delivered?.id ?? "")).body, message.body);
  });

  it("a message that is altered, signed with another secret, or late does not verify", async () => {
    const receiver = await startReceiver();
    const { secret } = await endpointAt(receiver.url);
    await sale();
    await arrived(receiver, 1);
    const message = receiver.received[0]!;
    assert.ok(verifies(secret, message));
    assert.ok(!verifies(secret, { ...message, body: message.body.replace("46000.00", "46000.01") }));
    assert.ok(!verifies(secret, { ...message, headers: { ...message.headers, "webhook-id": "msg_other" } }));
    assert.ok(
      !verifies(secret, {
        ...message,
        headers: {
          ...message.headers,
          "webhook-timestamp": String(Number(message.headers["webhook-timestamp"]) - 600),
        },
      }),
    );
    assert.ok(!verifies(`whsec_${Buffer.alloc(32).toString("base64")}`, message));
  });

  it("the guide's ten lines verify a ping", async () => {
    const free = await startReceiver();
    const { port } = new URL(free.url);
    free.close();
    const { id, secret } = await endpointAt(`http://localhost:${port}/`);
    const code = /```js\n([^]*?)```/.exec(GUIDE)?.[1] ?? "";
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
      cwd: `${ROOT}server`,
      env: { PATH: process.env["PATH"], WEBHOOK_SECRET: secret, PORT: port },
      stdio: ["ignore", "pipe", "inherit"],
    });
    closings.push(() => child.kill());
    let words = "";
    child.stdout.on("data", (chunk: Buffer) => (words += chunk.toString()));
    await soon(
      () =>
        fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" }).then(
          (answer) => answer.status,
          () => 0,
        ),
      (answered) => answered === 400,
    );
    const { status, body: ping } = await call<DeliveryBody>("POST", `endpoints/${id}/ping`);
    assert.deepEqual([status, ping.state, ping.type], [202, "pending", "endpoint.ping"]);
    await soon(
      async () => (await triesOf(ping.id)).last_status,
      (answered) => answered === 204,
    );
    assert.match(words, new RegExp(`${ping.message_id} endpoint.ping`));
    child.kill();
  });

  it("a secret is shown once, and again only for a repeat with the same idempotency key", async () => {
    const receiver = await startReceiver();
    const body = { url: receiver.url, topics: ["sale.*"], description: "Gudang" };
    const ask = () =>
      program.call<EndpointWithSecretBody>("POST", "/api/v1/webhooks/endpoints", {
        body,
        headers: { "idempotency-key": "same" },
      });
    const [made, again] = [await ask(), await ask()];
    assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(again.body, made.body);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    assert.doesNotMatch(JSON.stringify(await endpoints()), /whsec_|secret":/);
    const { rows } = await program.database.pool.query<{ kept: string }>(
      `select coalesce(string_agg(t::text, ''), '') as kept
         from (select answer::text as t from idempotency_key
               union all select encode(secret, 'escape') from webhook_endpoint) x`,
    );
    assert.ok(!rows[0]?.kept.includes(made.body.secret.slice(6, 30)));
  });

  it("after a rotation both secrets verify for a day, then only the new one", async () => {
    const receiver = await startReceiver();
    const { id, secret: old } = await endpointAt(receiver.url);
    const rotated = await call<EndpointWithSecretBody>("POST", `endpoints/${id}/rotate`);
    const { secret: fresh } = rotated.body;
    assert.notEqual(fresh, old);
    assert.ok(Math.abs(Date.parse(rotated.body.old_secret_until ?? "") - Date.now() - 86_400_000) < 60_000);
    await sale();
    await arrived(receiver, 1);
    const [during] = receiver.received;
    assert.match(String(during?.headers["webhook-signature"]), /^v1,\S{44} v1,\S{44}$/);
    assert.deepEqual([verifies(old, during!), verifies(fresh, during!)], [true, true]);
    await program.database.pool.query(
      "update webhook_endpoint set old_secret_until = now() where endpoint_id = $1",
      [id],
    );
    await sale();
    await arrived(receiver, 2);
    assert.deepEqual(
      [verifies(old, receiver.received[1]!), verifies(fresh, receiver.received[1]!)],
      [false, true],
    );
    assert.equal((await endpoint(id))?.old_secret_until, null);
  });

  it("fault 17: an endpoint that fails for a day is disabled; enabled, it gets all it missed", async () => {
    const [receiver, watcher] = [await startReceiver(), await startReceiver()];
    receiver.reply(status(500, {}, "out of order"));
    const { id } = await endpointAt(receiver.url);
    const { secret } = await endpointAt(watcher.url, ["endpoint.disabled"]);
    await sale();
    const failed = await soon(
      () => first(id),
      (one) => one?.state === "failed",
    );
    assert.deepEqual([failed?.last_status, failed?.last_error, failed?.tries], [500, "status", 1]);
    assert.ok((await endpoint(id))?.failing_since);
    await program.database.pool.query(
      "update webhook_endpoint set failing_since = now() - interval '24 hours' where endpoint_id = $1",
      [id],
    );
    await passTime(program.database, id);
    const disabled = await soon(
      () => endpoint(id),
      (one) => one?.state === "disabled",
    );
    assert.equal(disabled?.reason, "failing");
    await arrived(watcher, 1);
    const message = verified(secret, watcher.received[0]!);
    assert.deepEqual(
      [message.type, message.data],
      ["endpoint.disabled", { id, endpoint_id: id, reason: "failing" }],
    );
    const figures = await (await fetch(`${program.url}/metrics`)).text();
    assert.match(figures, /webhook_endpoints_disabled_total\{reason="failing"\} 1/);

    const missed = [await sale(), await sale()];
    await soon(
      async () => (await deliveriesOf(id)).deliveries.length,
      (length) => length === 3,
    );
    assert.equal((await call("POST", `deliveries/${failed?.id}/replay`)).code, "endpoint_disabled");
    assert.equal((await call("POST", `endpoints/${id}/ping`)).code, "endpoint_disabled");
    const before = receiver.received.length;
    receiver.reply(status(200));
    assert.equal(
      (await call<EndpointBody>("PATCH", `endpoints/${id}`, { state: "active" })).body.reason,
      null,
    );
    await passTime(program.database, id);
    await soon(
      async () => (await deliveriesOf(id)).deliveries.every(({ state }) => state === "delivered"),
      Boolean,
    );
    const bodies = receiver.received
      .slice(before)
      .map(({ body }) => body)
      .join();
    for (const saleId of missed) assert.ok(bodies.includes(saleId));
    assert.ok(
      receiver.received
        .slice(before)
        .map(idOf)
        .includes(failed?.message_id ?? ""),
    );
  });

  it("fault 17: a delivery is dead after 13 tries in 72 hours; a replay keeps its id", async () => {
    const receiver = await startReceiver();
    receiver.reply(status(503));
    const { id } = await endpointAt(receiver.url);
    await sale();
    for (const [i] of WEBHOOK_TRIES_AT_S.entries()) {
      const tried = await soon(
        () => first(id),
        (one) =>
          one?.tries === i + 1 &&
          one.last_status !== null &&
          (one.state === "dead" || Date.parse(one.next_try_at ?? "") > 0),
      );
      await soon(
        async () => (await triesOf(tried?.id ?? "")).tried[0],
        (one) => one?.status === 503,
      );
      const wait = waitMs(i + 1, 0.5);
      const { state, next_try_at: nextTryAt } = (await first(id))!;
      if (wait === undefined) assert.deepEqual([state, nextTryAt], ["dead", null]);
      else {
        const left = Date.parse(nextTryAt ?? "") - Date.now();
        assert.ok(
          left > wait * 0.89 - 2_000 && left < wait * 1.11,
          `try ${i + 1} waits ${left} ms, not about ${wait}`,
        );
        await passTime(program.database, id);
      }
    }
    assert.equal(receiver.received.length, 13);
    assert.equal(new Set(receiver.received.map(idOf)).size, 1);
    assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1);
    receiver.reply(status(200));
    const { status: answered, body } = await call<DeliveryBody>(
      "POST",
      `deliveries/${(await first(id))?.id}/replay`,
    );
    assert.deepEqual([answered, body.state], [202, "pending"]);
    await passTime(program.database, id);
    await soon(
      () => first(id),
      (one) => one?.state === "delivered",
    );
    assert.deepEqual([receiver.received.length, new Set(receiver.received.map(idOf)).size], [14, 1]);
  });

  it("fault 17: twenty endpoints that never answer do not delay the others", async () => {
    const [silent, receiver] = [await startReceiver(), await startReceiver()];
    silent.reply(never);
    const slow: Id[] = [];
    for (let i = (await endpoints()).length; i < 20; i++) slow.push((await endpointAt(silent.url)).id);
    const over = await call("POST", "endpoints", { url: silent.url, topics: ["sale.*"] });
    assert.equal(over.code, "endpoint_limit");
    const other = await otherMerchant(program.database);
    const deliveries = contextOn(program.database);
    const { endpoint: theirs, secret } = made(
      await createEndpoint(deliveries, bySystem(other), { url: receiver.url, topics: ["sale.*"] }, "k"),
    );
    for (let i = 0; i < 5; i++) await sale();
    await arrived(silent, slow.length);
    const begun = performance.now();
    for (let i = 0; i < 20; i++) await announceSale(program.database, other);
    await arrived(receiver, 20);
    const ms = performance.now() - begun;
    assert.ok(ms < 8_000, `another merchant's deliveries took ${Math.round(ms)} ms`);
    assert.ok(receiver.received.every((one) => verifies(secret, one)));
    const inProgress = (await deliveriesOf(slow[0]!)).deliveries.filter(
      ({ tries, last_error: error }) => tries === 1 && error === null,
    );
    assert.ok(inProgress.length > 0, "the slow deliveries are still in progress");
    await deleteEndpoint(deliveries, bySystem(other), theirs.endpointId);
    silent.close();
  });

  it("fault 17: a redirect is not followed and counts as a failure", async () => {
    const [receiver, elsewhere] = [await startReceiver(), await startReceiver()];
    receiver.reply(status(302, { location: elsewhere.url }));
    const { id } = await endpointAt(receiver.url);
    await sale();
    const failed = await soon(
      () => first(id),
      (one) => one?.state === "failed",
    );
    assert.deepEqual([failed?.last_status, failed?.last_error], [302, "redirect"]);
    assert.equal(elsewhere.received.length, 0);
  });

  it("an answer 410 disables the endpoint, and a requested pause is kept", async () => {
    const [gone, busy] = [await startReceiver(), await startReceiver()];
    gone.reply(status(410));
    busy.reply(status(429, { "retry-after": "120" }));
    const { id } = await endpointAt(gone.url);
    const { id: resting } = await endpointAt(busy.url);
    await sale();
    assert.equal(
      (
        await soon(
          () => endpoint(id),
          (one) => one?.state === "disabled",
        )
      )?.reason,
      "gone",
    );
    await soon(
      () => first(resting),
      (one) => one?.state === "failed",
    );
    await sale();
    await soon(
      async () => (await deliveriesOf(resting)).deliveries.length,
      (length) => length === 2,
    );
    const { rows } = await program.database.pool.query<{ seconds: number }>(
      `select extract(epoch from rest_until - now())::float8 as seconds
         from webhook_endpoint where endpoint_id = $1`,
      [resting],
    );
    assert.ok((rows[0]?.seconds ?? 0) > 100);
    assert.deepEqual([gone.received.length, busy.received.length], [1, 1]);
  });

  it("deliveries since a time are replayed: the undelivered ones, or all", async () => {
    const receiver = await startReceiver();
    const { id } = await endpointAt(receiver.url);
    await sale();
    await soon(
      () => first(id),
      (one) => one?.state === "delivered",
    );
    receiver.reply(status(500));
    const since = new Date().toISOString();
    await sale();
    await soon(
      async () => (await deliveriesOf(id, "&state=failed")).deliveries.length,
      (length) => length === 1,
    );
    receiver.reply(status(200));
    const all = (only?: string) =>
      call<{ replayed: number; more: boolean }>("POST", `endpoints/${id}/replay`, {
        since,
        ...(only ? { only } : {}),
      });
    assert.deepEqual((await all()).body, { replayed: 1, more: false });
    await passTime(program.database, id);
    await soon(
      async () => (await deliveriesOf(id, "&state=delivered")).deliveries.length,
      (length) => length === 2,
    );
    assert.deepEqual((await all()).body, { replayed: 0, more: false });
    assert.deepEqual((await all("all")).body, { replayed: 1, more: false });
    await soon(
      async () => receiver.received.length,
      (length) => length === 4,
    );
    assert.equal(new Set(receiver.received.map(idOf)).size, 2);
    const page = await deliveriesOf(id, "&limit=1");
    assert.equal(page.deliveries.length, 1);
    const rest = await deliveriesOf(id, `&limit=1&before=${page.next}`);
    assert.notEqual(rest.deliveries[0]?.id, page.deliveries[0]?.id);
    assert.equal((await call("DELETE", `endpoints/${id}`)).status, 204);
    assert.deepEqual((await deliveriesOf(id)).deliveries, []);
    assert.equal((await call("GET", `deliveries/${rest.deliveries[0]?.id}`)).code, "delivery_unknown");
  });

  it("fault 36: no personal data is sent, and receivers' answers are stored masked and short", async () => {
    const receiver = await startReceiver();
    receiver.reply(
      status(200, {}, `thanks canary@contoh.id 081234567890 Bearer CANARY.token \u0000${"é".repeat(600)}`),
    );
    const { id, secret } = await endpointAt(receiver.url);
    await sale({
      order_id: "A-1",
      customer_name: "CANARY1",
      customer_phone: "CANARY2",
      email: "CANARY3",
      note: "CANARY4",
      description: "CANARY5",
      staff_name: "CANARY6",
      user: { name: "CANARY7", reference: "CANARY8" },
      lines: [{ product_id: "P1", name: "CANARY9", amount: "4600000", customer: "CANARY10" }],
    });
    await arrived(receiver, 1);
    assert.doesNotMatch(receiver.received[0]?.body ?? "", /CANARY/);
    const { data } = verified(secret, receiver.received[0]!);
    const idr = { amount: "46000.00", currency: "IDR" };
    const known = new Set(["receipt_number", "business_date", "hour", "method", "outlet_id", "tax"]);
    assert.deepEqual(Object.fromEntries(Object.entries(data).filter(([name]) => !known.has(name))), {
      id: data["sale_id"],
      sale_id: data["sale_id"],
      gross: idr,
      order_id: "A-1",
      lines: [{ product_id: "P1", amount: idr }],
    });
    const delivered = await soon(
      () => first(id),
      (one) => one?.state === "delivered",
    );
    const answer = (await triesOf(delivered?.id ?? "")).tried[0]?.answer ?? "";
    assert.match(answer, /^thanks \[email\] \[phone\] ?Bearer \[hidden\] /);
    assert.ok(Buffer.byteLength(answer) <= 500 && answer.endsWith("é"));
    assert.doesNotMatch(
      (await program.database.pool.query("select string_agg(body, '') as all from webhook_delivery")).rows[0]
        .all as string,
      /CANARY/,
    );
  });

  it("only the owner may manage webhooks, and malformed requests are refused by name", async () => {
    const cashier = await program.unlock("Sari", "111111");
    const owner = await program.unlock("Ratna", "333333");
    for (const [method, path] of [
      ["GET", "endpoints"],
      ["POST", "endpoints"],
      ["GET", "deliveries"],
    ] as const) {
      assert.equal(
        (
          await program.call(method, `/api/v1/webhooks/${path}`, {
            token: cashier,
            ...(method === "POST" ? { body: {} } : {}),
          })
        ).code,
        "forbidden",
      );
    }
    assert.equal((await program.call("GET", "/api/v1/webhooks/endpoints", { token: owner })).status, 200);
    const url = "https://8.8.8.8/hooks";
    const codeOf = async (body: unknown) => (await call("POST", "endpoints", body)).code;
    assert.equal(await codeOf({ url, topics: [] }), "request_invalid");
    assert.equal(await codeOf({ url, topics: ["ledger.*"] }), "request_invalid");
    assert.equal(await codeOf({ url, topics: ["*"] }), "request_invalid");
    assert.equal(await codeOf({ url, topics: ["sale.*"], merchant_id: newId() }), "request_invalid");
    assert.equal(await codeOf({ url, topics: ["sale.*"], secret: "whsec_x" }), "request_invalid");
    assert.equal(
      (await program.call("POST", "/api/v1/webhooks/endpoints", { body: { url, topics: ["sale.*"] } })).code,
      "idempotency_key_missing",
    );
    for (const [method, path, body] of [
      ["PATCH", "", { description: "x" }],
      ["DELETE", "", undefined],
      ["POST", "/rotate", undefined],
      ["POST", "/ping", undefined],
      ["POST", "/replay", { since: new Date().toISOString() }],
    ] as const) {
      assert.equal((await call(method, `endpoints/${newId()}${path}`, body)).code, "endpoint_unknown", path);
    }
    assert.equal((await call("POST", `deliveries/${newId()}/replay`)).code, "delivery_unknown");
  });

  it("metrics show how many deliveries wait, and for how long", async () => {
    const receiver = await startReceiver();
    receiver.reply(status(500));
    const { id } = await endpointAt(receiver.url);
    await sale();
    await soon(
      () => first(id),
      (one) => one?.state === "failed",
    );
    await program.database.pool.query(
      `update webhook_delivery set state = 'pending', begun_at = now() - interval '90 seconds'
        where endpoint_id = $1`,
      [id],
    );
    const figures = await (await fetch(`${program.url}/metrics`)).text();
    assert.match(figures, /webhook_deliveries\{state="pending"\} [1-9]/);
    assert.match(figures, /webhook_oldest_pending_seconds 9[0-9]/);
    assert.match(figures, /webhook_tries_total\{outcome="delivered"\} [1-9]/);
  });
});

const SECRET_KEY = Buffer.alloc(32, 7);
const loopback: AddressRules = { loopback: true, resolve: async () => [] };

/** The module alone, without a program that sends in the background. */
function contextOn(
  database: Database,
  rules: AddressRules = loopback,
  log = createLog("silent"),
): Deliveries {
  const box = createSecretBox(readSettings({}).secretKey);
  return {
    database,
    box,
    rules,
    clock: systemClock,
    newId: idMaker(systemClock),
    log,
    metrics: createDeliveryMetrics(createMetrics(), database),
  };
}

async function otherMerchant(database: Database): Promise<Id> {
  const merchantId = newId();
  await inTransaction(database, (tx) =>
    insertMerchant(tx, { merchantId, name: "Toko Lain", currency: IDR, isDemo: false }),
  );
  return merchantId;
}

function made({ answer }: { answer: WithSecret | { refusal: string } }): WithSecret {
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
  return answer as WithSecret;
}

describe("webhooks, step by step", () => {
  let test: TestDatabase;
  let merchantId: Id;
  before(async () => {
    test = await openTestDatabase();
    merchantId = await otherMerchant(test.database);
  });
  after(() => test.close());

  const create = async (deliveries: Deliveries, url: string, topics = ["sale.*"]) =>
    made(await createEndpoint(deliveries, bySystem(merchantId), { url, topics }, newId()));
  const row = async (endpointId: Id) =>
    (
      await test.database.pool.query<{
        delivery_id: Id;
        state: string;
        tries: number;
        last_error: string | null;
        message_id: string;
      }>("select * from webhook_delivery where endpoint_id = $1 order by delivery_id", [endpointId])
    ).rows;
  const jobs = async (endpointId: Id) =>
    (
      await test.database.pool.query("select from graphile_worker.jobs where key like $1", [
        `delivery:send:%:${endpointId}`,
      ])
    ).rowCount;
  /** Consumes until no event is left: transactions of other databases on this server delay events. */
  const enqueue = () =>
    until(
      async () => {
        while ((await consume(test.database, deliver)) > 0);
        const { rows } = await test.database.pool.query<{ left: number }>(
          `select count(*)::int as left from outbox_event e, outbox_consumer c
            where c.name = 'deliveries' and (e.xid, e.event_id) > (c.xid, c.event_id)`,
        );
        return rows[0]?.left;
      },
      (left) => left === 0,
      30_000,
    );

  it("fault 27: an event read twice is one delivery per endpoint, none for a newer endpoint", async () => {
    const deliveries = contextOn(test.database);
    await announceSale(test.database, merchantId);
    const receiver = await startReceiver();
    const [one, two] = [
      await create(deliveries, receiver.url),
      await create(deliveries, receiver.url, ["payment.*", "sale.paid"]),
    ];
    const deaf = await create(deliveries, receiver.url, ["payment.*"]);
    await announceSale(test.database, merchantId);
    await enqueue();
    await test.database.pool.query(
      "update outbox_consumer set xid = '0', event_id = 0 where name = 'deliveries'",
    );
    await enqueue();
    const [first, second] = [await row(one.endpoint.endpointId), await row(two.endpoint.endpointId)];
    assert.deepEqual([first.length, second.length, (await row(deaf.endpoint.endpointId)).length], [1, 1, 0]);
    assert.equal(first[0]?.message_id, second[0]?.message_id);
    assert.equal(await jobs(one.endpoint.endpointId), 1);
    for (const { endpoint } of [one, two, deaf])
      await deleteEndpoint(deliveries, bySystem(merchantId), endpoint.endpointId);
  });

  it("fault 27: when a worker is killed while sending, another delivers under the same id", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    receiver.reply(never);
    const { endpoint, secret } = await create(deliveries, receiver.url);
    const { endpointId } = endpoint;
    await announceSale(test.database, merchantId);
    await enqueue();
    const child = sendInAnotherProcess(test, merchantId, endpointId);
    await until(
      async () => receiver.received.length,
      (length) => length === 1,
      20_000,
    );
    await sendDue(deliveries, merchantId, endpointId);
    assert.equal(receiver.received.length, 1, "no other worker sends to it meanwhile");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual(
      (await row(endpointId)).map(({ state, tries }) => `${state} ${tries}`),
      ["pending 1"],
    );

    receiver.reply(status(200));
    await test.database.pool.query(
      "update webhook_endpoint set sending_until = now() where endpoint_id = $1",
      [endpointId],
    );
    await test.database.pool.query(
      "update webhook_delivery set next_try_at = now() - interval '2 minutes' where endpoint_id = $1",
      [endpointId],
    );
    await test.database.pool.query("delete from graphile_worker._private_jobs");
    await sweepDeliveries(test.database);
    assert.equal(await jobs(endpointId), 1);
    await sendDue(deliveries, merchantId, endpointId);
    assert.deepEqual(
      (await row(endpointId)).map(({ state, tries }) => `${state} ${tries}`),
      ["delivered 2"],
    );
    assert.deepEqual([receiver.received.length, new Set(receiver.received.map(idOf)).size], [2, 1]);
    assert.ok(receiver.received.every((one) => verifies(secret, one)));
    const { rows: tries } = await test.database.pool.query(
      "select status from webhook_try where merchant_id = $1 order by try",
      [merchantId],
    );
    assert.deepEqual(
      tries.map((one) => one.status as number | null),
      [null, 200],
      "the result of the first try is not known",
    );
    await deleteEndpoint(deliveries, bySystem(merchantId), endpointId);
  });

  it("two concurrent workers send each delivery once", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    const { endpoint } = await create(deliveries, receiver.url);
    for (let i = 0; i < 30; i++) await announceSale(test.database, merchantId);
    await enqueue();
    await Promise.all(Array.from({ length: 3 }, () => sendDue(deliveries, merchantId, endpoint.endpointId)));
    assert.deepEqual([receiver.received.length, new Set(receiver.received.map(idOf)).size], [30, 30]);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpoint.endpointId);
  });

  it("after failures in a row one delivery is tried, and waiting deliveries have no jobs", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    receiver.reply(status(500));
    const { endpointId } = (await create(deliveries, receiver.url)).endpoint;
    for (let i = 0; i < 40; i++) await announceSale(test.database, merchantId);
    await enqueue();
    await sendDue(deliveries, merchantId, endpointId);
    assert.ok(receiver.received.length <= 8, `${receiver.received.length} tries before it rests`);
    assert.ok(((await jobs(endpointId)) ?? 0) <= 2);
    const before = receiver.received.length;
    await sendDue(deliveries, merchantId, endpointId);
    assert.equal(receiver.received.length, before, "the endpoint rests");
    await test.database.pool.query("update webhook_endpoint set rest_until = null where endpoint_id = $1", [
      endpointId,
    ]);
    await sendDue(deliveries, merchantId, endpointId);
    assert.equal(receiver.received.length, before + 1);
    receiver.reply(status(200));
    await test.database.pool.query("update webhook_endpoint set rest_until = null where endpoint_id = $1", [
      endpointId,
    ]);
    await sendDue(deliveries, merchantId, endpointId);
    const states = (await row(endpointId)).map(({ state }) => state);
    assert.equal(states.filter((state) => state === "delivered").length, 40 - before - 1);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpointId);
  });

  it("fault 35: a private address is refused when an endpoint is created or changed", async () => {
    const deliveries = contextOn(test.database, {
      loopback: false,
      resolve: async (name) => ({ "toko.contoh": ["8.8.8.8"], "dalam.contoh": ["10.0.0.7"] })[name] ?? [],
    });
    const { endpoint } = await create(deliveries, "https://toko.contoh/hooks");
    for (const [url, refusal] of [
      ["http://toko.contoh/", "url_insecure"],
      ["https://127.0.0.1/", "url_not_public"],
      ["https://2130706433/", "url_not_public"],
      ["https://[::1]/", "url_not_public"],
      ["https://dalam.contoh/", "url_not_public"],
      ["https://user@toko.contoh/", "url_malformed"],
      ["https://toko.contoh:22/", "url_malformed"],
    ] as const) {
      const { answer } = await createEndpoint(
        deliveries,
        bySystem(merchantId),
        { url, topics: ["sale.*"] },
        newId(),
      );
      assert.equal(isRefusal(answer) && answer.refusal, refusal, url);
      const changed = await changeEndpoint(deliveries, bySystem(merchantId), endpoint.endpointId, { url });
      assert.equal(isRefusal(changed) && changed.refusal, refusal, url);
    }
    await deleteEndpoint(deliveries, bySystem(merchantId), endpoint.endpointId);
  });

  it("fault 35: nothing is sent to a host name that resolves to a private address", async () => {
    const receiver = await startReceiver();
    const { port } = new URL(receiver.url);
    let answer = ["8.8.8.8"];
    const deliveries = contextOn(test.database, { loopback: false, resolve: async () => answer });
    const { endpoint } = await create(deliveries, `https://jahat.contoh:${port}/`);
    await pingEndpoint(deliveries, merchantId, endpoint.endpointId);
    for (const inside of [
      ["127.0.0.1"],
      ["8.8.8.8", "127.0.0.1"],
      ["::ffff:127.0.0.1"],
      ["169.254.169.254"],
      ["0.0.0.0"],
      [],
    ]) {
      answer = inside;
      await test.database.pool.query("update webhook_endpoint set rest_until = null where endpoint_id = $1", [
        endpoint.endpointId,
      ]);
      await test.database.pool.query(
        "update webhook_delivery set next_try_at = now(), last_error = null where endpoint_id = $1",
        [endpoint.endpointId],
      );
      await sendDue(deliveries, merchantId, endpoint.endpointId);
      assert.equal((await row(endpoint.endpointId))[0]?.last_error, "address", inside.join());
    }
    assert.equal(receiver.received.length, 0);
    // also checked for URLs that were saved under older, less strict rules
    await test.database.pool.query(
      "update webhook_endpoint set url = $2, rest_until = null where endpoint_id = $1",
      [endpoint.endpointId, receiver.url],
    );
    await test.database.pool.query(
      "update webhook_delivery set next_try_at = now(), last_error = null where endpoint_id = $1",
      [endpoint.endpointId],
    );
    await sendDue(deliveries, merchantId, endpoint.endpointId);
    assert.equal((await row(endpoint.endpointId))[0]?.last_error, "address");
    assert.equal(receiver.received.length, 0);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpoint.endpointId);
  });

  it("fault 31: another merchant's endpoints and deliveries are not found", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    const { endpointId } = (await create(deliveries, receiver.url)).endpoint;
    const ping = await pingEndpoint(deliveries, merchantId, endpointId);
    assert.ok(!isRefusal(ping));
    const stranger = await otherMerchant(test.database);
    const words = [
      await changeEndpoint(deliveries, bySystem(stranger), endpointId, { state: "disabled" }),
      await deleteEndpoint(deliveries, bySystem(stranger), endpointId),
      (await rotate(deliveries, bySystem(stranger), endpointId, "k")).answer,
      await pingEndpoint(deliveries, stranger, endpointId),
      await replaySince(deliveries, stranger, endpointId, new Date(0), "all"),
      await replayDelivery(deliveries, stranger, ping.deliveryId),
    ].map((answer) => (isRefusal(answer) ? answer.refusal : "done"));
    assert.deepEqual(words, [...Array<string>(5).fill("endpoint_unknown"), "delivery_unknown"]);
    await announceSale(test.database, stranger);
    await enqueue();
    assert.equal((await row(endpointId)).length, 1);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpointId);
  });

  it("after 72 hours a disabled endpoint's deliveries are dead, and later events have none", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    const { endpointId } = (await create(deliveries, receiver.url)).endpoint;
    await changeEndpoint(deliveries, bySystem(merchantId), endpointId, { state: "disabled" });
    await announceSale(test.database, merchantId);
    await enqueue();
    await sendDue(deliveries, merchantId, endpointId);
    await sweepDeliveries(test.database);
    assert.deepEqual(
      (await row(endpointId)).map(({ state }) => state),
      ["pending"],
    );
    await test.database.pool.query(
      "update webhook_delivery set begun_at = now() - interval '73 hours' where endpoint_id = $1",
      [endpointId],
    );
    await test.database.pool.query(
      "update webhook_endpoint set disabled_at = now() - interval '73 hours' where endpoint_id = $1",
      [endpointId],
    );
    await sweepDeliveries(test.database);
    await announceSale(test.database, merchantId);
    await enqueue();
    assert.deepEqual(
      (await row(endpointId)).map(({ state }) => state),
      ["dead"],
    );
    assert.equal(receiver.received.length, 0);
    await changeEndpoint(deliveries, bySystem(merchantId), endpointId, { state: "active" });
    assert.deepEqual(await replaySince(deliveries, merchantId, endpointId, new Date(0), "undelivered"), {
      replayed: 1,
      more: false,
    });
    await sendDue(deliveries, merchantId, endpointId);
    assert.equal(receiver.received.length, 1);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpointId);
  });

  it("deliveries that ended 30 days ago are deleted, and deleted endpoints with all their rows", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    const { endpointId } = (await create(deliveries, receiver.url)).endpoint;
    for (let i = 0; i < 2; i++) await pingEndpoint(deliveries, merchantId, endpointId);
    await sendDue(deliveries, merchantId, endpointId);
    const [old] = await row(endpointId);
    await test.database.pool.query(
      "update webhook_delivery set created_at = now() - interval '31 days' where delivery_id = $1",
      [old?.delivery_id],
    );
    await forgetOldDeliveries(test.database);
    assert.equal((await row(endpointId)).length, 1);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpointId);
    await forgetOldDeliveries(test.database);
    const { rows } = await test.database.pool.query<{ left: number }>(
      `select (select count(*) from webhook_endpoint)::int
            + (select count(*) from webhook_delivery)::int
            + (select count(*) from webhook_try)::int as left`,
    );
    assert.equal(rows[0]?.left, 0);
  });

  it("fault 36: the log names a disabled endpoint by its id, not by its URL", async () => {
    const lines: string[] = [];
    const deliveries = contextOn(
      test.database,
      loopback,
      createLog("info", { write: (line) => lines.push(line) }),
    );
    const receiver = await startReceiver();
    receiver.reply(status(410, {}, "CANARY"));
    const { endpoint, secret } = await create(deliveries, `${receiver.url}?token=CANARY`);
    await pingEndpoint(deliveries, merchantId, endpoint.endpointId);
    await sendDue(deliveries, merchantId, endpoint.endpointId);
    assert.match(lines.join(""), new RegExp(`"level":"warn".*${endpoint.endpointId}`));
    assert.ok(!lines.join("").includes("CANARY") && !lines.join("").includes(secret));
    await deleteEndpoint(deliveries, bySystem(merchantId), endpoint.endpointId);
  });

  it("with another ONEGATE_SECRET_KEY nothing is sent, and the error names the remedy", async () => {
    const deliveries = contextOn(test.database);
    const receiver = await startReceiver();
    const { endpointId } = (await create(deliveries, receiver.url)).endpoint;
    await pingEndpoint(deliveries, merchantId, endpointId);
    await assert.rejects(
      sendDue({ ...deliveries, box: createSecretBox(SECRET_KEY) }, merchantId, endpointId),
      (error: unknown) => error instanceof StartFailure && error.remedy.includes("ONEGATE_SECRET_KEY"),
    );
    assert.deepEqual(
      [(await row(endpointId))[0]?.tries, await jobs(endpointId)],
      [0, 1],
      "nothing was tried, and the failed job adds no other",
    );
    await sendDue(deliveries, merchantId, endpointId);
    assert.equal(receiver.received.length, 1);
    await deleteEndpoint(deliveries, bySystem(merchantId), endpointId);
  });

  it("production refuses receivers on its own machine", () => {
    const production = {
      ONEGATE_MODE: "production",
      ONEGATE_ANONYMOUS: "off",
      ONEGATE_SIMULATOR: "off",
      TRIPAY_URL: "https://tripay.co.id/api",
      TRIPAY_API_KEY: "k",
      TRIPAY_PRIVATE_KEY: "p",
      TRIPAY_MERCHANT_CODE: "T1",
      PUBLIC_URL: "https://bayar.contoh.invalid",
      ONEGATE_SECRET_KEY: "5e".repeat(32),
    };
    assert.equal(readSettings(production).deliveryPrivate, false);
    assert.throws(
      () => readSettings({ ...production, ONEGATE_DELIVERY_PRIVATE: "on" }),
      (error: unknown) => error instanceof StartFailure && error.remedy.includes("ONEGATE_DELIVERY_PRIVATE"),
    );
  });

  it("a shown answer is cut at a whole character", () => {
    assert.equal(maskedExcerpt(`a\u0000b ${"é".repeat(400)}`), `ab ${"é".repeat(248)}`);
  });
});

/** A worker in its own process, which a test can kill. */
function sendInAnotherProcess({ connection }: TestDatabase, merchantId: Id, endpointId: Id): ChildProcess {
  const code = `
    import { createSecretBox } from "./server/identity/index.ts";
    import { createLog, createMetrics, idMaker, openDatabase, readSettings, systemClock }
      from "./server/kernel/index.ts";
    import { createDeliveryMetrics, sendDue } from "./server/deliveries/index.ts";
    const database = openDatabase(${JSON.stringify(connection)}, 4, () => undefined);
    const box = createSecretBox(readSettings({}).secretKey);
    const deliveries = {
      database, box, rules: { loopback: true, resolve: async () => [] },
      clock: systemClock, newId: idMaker(systemClock), log: createLog("silent"),
      metrics: createDeliveryMetrics(createMetrics(), database),
    };
    await sendDue(deliveries, "${merchantId}", "${endpointId}");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  closings.push(() => child.kill("SIGKILL"));
  return child;
}
