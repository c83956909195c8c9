import {
  newId,
  type AuditPageBody,
  type EnrolledBody,
  type OrderBody,
  type SessionBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createHttp, createLog, createMetrics, readSettings, type Http } from "../server/kernel/index.ts";
import { MAX_PIPELINED } from "../server/kernel/connections.ts";
import { MAX_STREAMS } from "../server/kernel/stream.ts";
import { startProgram } from "../server/roles.ts";
import { openTestDatabase } from "../server/testing/database.ts";
import { openTestProgram, type TestProgram } from "../server/testing/program.ts";
import { bearing } from "../server/testing/session.ts";
import { until } from "../server/testing/until.ts";

const lines: string[] = [];
let program: TestProgram;
let owner: string;
before(async () => {
  program = await openTestProgram({
    environment: { LOG_LEVEL: "info", ONEGATE_HOSTS: "onegate.internal" },
    logTo: { write: (line) => void lines.push(line) },
  });
  owner = await program.unlock("Ratna", "333333");
});
after(() => program.close());

const becomes = (condition: () => boolean | Promise<boolean>) =>
  until(async () => condition(), Boolean, 10_000);

type Raw = { readonly socket: Socket; readonly text: () => string; readonly closed: Promise<void> };

/** A raw TCP connection. */
function open(url: string): Raw {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket
    .setEncoding("latin1")
    .on("data", (chunk: string) => (text += chunk))
    .on("error", () => undefined);
  return {
    socket,
    text: () => text,
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}

function head(method: string, path: string, headers: Readonly<Record<string, string | number>> = {}): string {
  const all = { host: "127.0.0.1", ...headers };
  return `${method} ${path} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
}

/** Sends raw bytes and returns the answer as soon as it is complete. */
async function answerTo(url: string, bytes: string): Promise<{ status: number; text: string }> {
  const { socket, text } = open(url);
  socket.write(bytes);
  await becomes(() => /\r\n\r\n[^]*\}$/.test(text()));
  socket.destroy();
  return { status: Number(text().slice(9, 12)), text: text() };
}

function assertBareAnswer(text: string, status: number, code: string): void {
  assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
  for (const header of [
    "content-security-policy: default-src 'none'",
    "x-content-type-options: nosniff",
    "referrer-policy: no-referrer",
    "cache-control: no-store",
    "content-type: application/problem\\+json",
    "x-request-id: ",
  ]) {
    assert.match(text.toLowerCase(), new RegExp(`\r\n${header}`), header);
  }
  assert.match(text, new RegExp(`"code":"${code}"`));
}

describe("a large answer that is the same for every caller", () => {
  it("is sent plain, as gzip or as Brotli as requested, and as 304 if its ETag is known", async () => {
    const get = async (headers: Record<string, string>) => {
      const { socket, text } = open(program.url);
      socket.write(head("GET", "/openapi.json", { connection: "close", ...headers }));
      await becomes(() => socket.destroyed);
      const [start = "", ...rest] = text().split("\r\n\r\n");
      return {
        status: Number(start.slice(9, 12)),
        start: start.toLowerCase(),
        body: Buffer.from(rest.join("\r\n\r\n"), "latin1"),
      };
    };
    const plain = await get({});
    const documented = JSON.parse(plain.body.toString()) as { openapi: string };
    assert.equal(documented.openapi, "3.1.0");
    for (const [encoding, decode] of [
      ["br", brotliDecompressSync],
      ["gzip", gunzipSync],
    ] as const) {
      const compressed = await get({ "accept-encoding": `x, ${encoding};q=0.5` });
      assert.match(compressed.start, new RegExp(`content-encoding: ${encoding}`));
      assert.match(compressed.start, /vary: accept-encoding/);
      assert.ok(
        compressed.body.length < plain.body.length / 5,
        `${compressed.body.length} of ${plain.body.length} bytes`,
      );
      assert.deepEqual(decode(compressed.body), plain.body);
    }
    assert.doesNotMatch(
      (await get({ "accept-encoding": "gzip;q=0, br; q=0.0, identity" })).start,
      /content-encoding/,
    );
    const tag = /etag: (w\/"[^"]+")/.exec(plain.start)?.[1]?.replace("w/", "W/") ?? "";
    // the tag is case-sensitive, and was lowercased above
    const { headers } = await fetch(`${program.url}/openapi.json`);
    assert.equal(headers.get("etag")?.toLowerCase(), tag.toLowerCase());
    const known = await get({ "if-none-match": headers.get("etag") ?? "" });
    assert.deepEqual([known.status, known.body.length], [304, 0]);
  });
});

describe("a connection", () => {
  const dropped = async () => {
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    return [...metrics.matchAll(/^http_connections_dropped_total\{reason="\w+"\} (\d+)/gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  };

  it("has a limit on requests in progress; with more pipelined requests it is closed", async () => {
    for (const path of ["/readyz", "/nothing", "/%zz"]) {
      const dropsBefore = await dropped();
      const { socket, text, closed } = open(program.url);
      socket.write(head("GET", path).repeat(200));
      await closed;
      const answered = text().split("HTTP/1.1 ").length - 1;
      assert.ok(answered > 0 && answered <= MAX_PIPELINED, `${path}: ${answered} were answered`);
      assert.equal(await dropped(), dropsBefore + 1);
    }
  });

  it("that doesn't read its answers doesn't delay other connections", async () => {
    const dropsBefore = await dropped();
    const silent = Array.from({ length: 8 }, () => open(program.url));
    for (const { socket } of silent) socket.pause().write(head("GET", "/openapi.json").repeat(500));
    for (let n = 0; n < 5; n++) assert.equal((await fetch(`${program.url}/healthz`)).status, 200);
    await becomes(async () => (await dropped()) === dropsBefore + 8);
    for (const { socket } of silent) socket.destroy();
  });

  it("may have a few requests in progress, and all are answered", async () => {
    const { socket, text } = open(program.url);
    socket.write(head("GET", "/healthz").repeat(MAX_PIPELINED));
    await becomes(() => text().split("HTTP/1.1 200").length - 1 === MAX_PIPELINED);
    socket.write(head("GET", "/healthz"));
    await becomes(() => text().split("HTTP/1.1 200").length - 1 === MAX_PIPELINED + 1);
    socket.destroy();
  });
});

describe("a request is refused by its headers alone", () => {
  const json = { "content-type": "application/json" };

  it("if it has no route, no permission or too large a body, without waiting for the body", async () => {
    const promised = { ...json, "content-length": 60_000 };
    for (const [status, method, path, headers] of [
      [404, "POST", "/nothing/here", promised],
      [404, "POST", "/nothing/here", { ...json, "content-length": 900_000_000 }],
      [404, "POST", "/nothing/here", { ...json, "transfer-encoding": "chunked" }],
      [401, "POST", "/api/v1/keys", { ...promised, authorization: `Bearer ${"x".repeat(43)}` }],
      [403, "POST", "/api/v1/keys", { ...promised, ...bearing(await program.unlock("Sari", "111111")) }],
      [413, "POST", "/payments", { ...json, "content-length": 65_537 }],
      [413, "POST", "/api/v1/till/sales", { ...json, "content-length": 262_145, ...bearing(owner) }],
      [400, "POST", "/api/v1/setup", promised],
    ] as const) {
      assert.equal(
        (await answerTo(program.url, head(method, path, headers))).status,
        status,
        `${path} ${JSON.stringify(headers)}`,
      );
    }
  });

  it("and its connection can be used again after the unread body was dropped", async () => {
    const { socket, text } = open(program.url);
    socket.write(
      head("POST", "/nothing/here", { ...json, "content-length": 200_000 }) +
        "[".repeat(200_000) +
        head("GET", "/healthz"),
    );
    await becomes(() => text().includes("HTTP/1.1 200"));
    assert.match(text(), /^HTTP\/1.1 404/);
    socket.destroy();
  });
});

describe("a body", () => {
  it("that is nested too deep is refused before it is parsed", async () => {
    const { status, body } = await program.call<{ code: string; params: Record<string, string> }>(
      "POST",
      "/payments",
      { raw: `{"id":${"[".repeat(20_000)}${"]".repeat(20_000)}}` },
    );
    assert.deepEqual([status, body.code, body.params["field"]], [422, "request_invalid", "body"]);
    assert.match(body.params["problem"] ?? "", /nested deeper/);
  });

  it("may be as large as its route's schema allows, and not much larger", () => {
    for (const { method, url, schema, bodyLimit } of program.routes) {
      if (schema["body"] === undefined) continue;
      const largest = largestJson(schema["body"] as Schema);
      assert.ok(
        largest <= bodyLimit,
        `${method} ${url}: the schema allows ${largest} bytes, the body limit only ${bodyLimit}`,
      );
      assert.ok(
        bodyLimit <= Math.max(65_536, 8 * largest),
        `${method} ${url}: the body limit is ${bodyLimit} bytes, but the schema needs only ${largest}`,
      );
    }
  });
});

type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly maxLength?: number;
};

/** The length of the largest ASCII JSON that a schema allows. */
function largestJson(schema: Schema): number {
  if (schema.anyOf) return Math.max(...schema.anyOf.map(largestJson));
  if (schema.allOf) return schema.allOf.reduce((sum, part) => sum + largestJson(part), 0);
  if (schema.const !== undefined || schema.enum)
    return Math.max(...(schema.enum ?? [schema.const]).map((value) => JSON.stringify(value).length));
  if (schema.type === "object")
    return Object.entries(schema.properties ?? {}).reduce(
      (sum, [name, property]) => sum + name.length + 4 + largestJson(property),
      2,
    );
  if (schema.type === "array") return 2 + (schema.maxItems ?? 1) * (1 + largestJson(schema.items ?? {}));
  return schema.type === "string" ? (schema.maxLength ?? 300) + 2 : 20;
}

describe("a request that is not valid HTTP", () => {
  it("is answered with the same security headers as every other request", async () => {
    assertBareAnswer((await answerTo(program.url, "NONSENSE\r\n\r\n")).text, 400, "request_malformed");
    assertBareAnswer(
      (await answerTo(program.url, head("GET", "/healthz", { "x-long": "x".repeat(20_000) }))).text,
      431,
      "headers_too_large",
    );
    assertBareAnswer(
      (await answerTo(program.url, "GET /healthz HTTP/1.1\r\n\r\n")).text,
      400,
      "request_malformed",
    );
    assertBareAnswer(
      (await answerTo(program.url, head("POST", "/payments", { "content-length": "x" }))).text,
      400,
      "request_malformed",
    );
    assert.match(
      (await answerTo(program.url, head("GET", "/healthz", { expect: "tea" }))).text,
      /^HTTP\/1.1 200[^]*content-security-policy/,
      "an unknown Expect header is ignored",
    );
  });
});

describe("an incomplete request", () => {
  let http: Http;
  let url: string;
  before(async () => {
    http = createHttp(createLog("silent"), createMetrics(), readSettings({}), {
      headMs: 300,
      requestMs: 600,
      checkMs: 50,
    });
    http.post("/", { config: { right: "health.read" } }, async () => ({}));
    url = await http.listen({ host: "127.0.0.1", port: 0 });
  });
  after(() => http.close());

  it("times out: with partial headers, with a slow body, and on a silent connection", async () => {
    const begun = [
      "",
      "POST / HTTP/1.1\r\nhost: loc",
      head("POST", "/", { "content-type": "application/json", "content-length": 1_000 }),
    ].map((text) => ({ ...open(url), start: text }));
    const trickle = begun.map(({ socket, start }) => {
      socket.write(start);
      return setInterval(
        () => socket.writable && start !== "" && socket.write(start.endsWith("\n") ? " " : "a"),
        50,
      );
    });
    for (const { closed, text } of begun) {
      await closed;
      assertBareAnswer(text(), 408, "request_timeout");
    }
    trickle.forEach((timer) => clearInterval(timer));
  });
});

describe("the host of a request", () => {
  it("must be known on every route, also on pages and the OpenAPI document", async () => {
    for (const path of [
      "/",
      "/healthz",
      "/openapi.json",
      "/metrics",
      "/api/v1/till/shop",
      "/balance/ACC_001",
      "/nothing",
    ]) {
      const { status, text } = await answerTo(
        program.url,
        head("GET", path, { host: "jahat.contoh.invalid:8080" }),
      );
      assert.equal(status, 421, path);
      assertBareAnswer(text, 421, "host_unknown");
    }
    assert.equal(
      (await answerTo(program.url, head("GET", "/healthz", { host: "onegate.internal" }))).status,
      200,
    );
    assert.equal(
      (await answerTo(program.url, "GET /healthz HTTP/1.0\r\n\r\n")).status,
      200,
      "an HTTP/1.0 probe sends no host",
    );
  });

  it("may be known, and still a page of another site can change nothing", async () => {
    const order = {
      headers: { "content-type": "application/json", origin: "https://jahat.contoh.invalid" },
      body: {},
    };
    assert.deepEqual(
      [
        (await program.call("POST", "/payments", order)).code,
        (await program.call("POST", "/api/v1/till/lock", { ...order, token: owner })).code,
      ],
      ["origin_unknown", "origin_unknown"],
    );
  });
});

describe("the id of a request", () => {
  it("is generated here for the answer, the log and the audit trail; the client's is logged", async () => {
    const theirs = "klien-0000-1111";
    const changed = await program.call("POST", "/api/v1/keys", {
      token: owner,
      body: { name: "Toko daring", scopes: ["payments.read"] },
      headers: { "x-request-id": theirs, "idempotency-key": newId() },
    });
    assert.ok(changed.status < 300, JSON.stringify(changed.body));
    const ours = changed.headers.get("x-request-id");
    assert.notEqual(ours, theirs);
    assert.match(ours ?? "", /^[0-9a-f-]{36}$/);
    const entries = await until(
      async () => (await program.call<AuditPageBody>("GET", "/api/v1/audit", { token: owner })).body.entries,
      (found) => found.some(({ request_id: id }) => id === ours),
    );
    assert.ok(entries.every(({ request_id: id }) => id !== theirs));
    const logged = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((line) => line["request_id"] === ours && line["msg"] === "request");
    assert.equal(logged?.["client_request_id"], theirs);
    await program.call("GET", "/healthz", { headers: { "x-request-id": "x".repeat(65) } });
    await program.call("GET", "/healthz", { headers: { "x-request-id": "081234567890" } });
    assert.ok(!lines.some((line) => line.includes("x".repeat(65)) || line.includes("081234567890")));
  });
});

describe("event streams", () => {
  const stream = (token: string, abort: AbortSignal) =>
    fetch(`${program.url}/api/v1/till/events`, {
      headers: bearing(token),
      signal: abort,
    });

  it("are limited for a device, also when all are opened at once; one that ends makes room", async () => {
    const aborts = Array.from({ length: 2 * MAX_STREAMS.device }, () => new AbortController());
    const answers = await Promise.all(aborts.map(({ signal }) => stream(owner, signal)));
    const open = answers.flatMap(({ status }, n) => (status === 200 ? [n] : []));
    assert.equal(open.length, MAX_STREAMS.device);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      assert.deepEqual(
        [answer.status, ((await answer.json()) as { code: string }).code],
        [429, "too_many_streams"],
      );
      assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    }
    // the same person can open a stream on another device, up to the limit for a person
    const { body: device } = await program.call<EnrolledBody>("POST", "/api/v1/till/devices", { body: {} });
    const shop = await program.call<{ staff: ReadonlyArray<{ id: string; name: string }> }>(
      "GET",
      "/api/v1/till/shop",
    );
    const session = await program.call<SessionBody>("POST", "/api/v1/till/unlock", {
      body: { staff_id: shop.body.staff.find(({ name }) => name === "Ratna")?.id, pin: "333333" },
      headers: { "onegate-device": device.token },
    });
    const elsewhere = new AbortController();
    assert.equal((await stream(session.body.token, elsewhere.signal)).status, 200);
    elsewhere.abort();

    aborts[open[0] ?? 0]?.abort();
    await becomes(async () => {
      const attempt = new AbortController();
      const { status } = await stream(owner, attempt.signal);
      attempt.abort();
      return status === 200;
    });
    for (const abort of aborts) abort.abort();
  });

  it("are limited for an address without credentials that watches orders", async () => {
    const abort = new AbortController();
    const answers = await Promise.all(
      Array.from({ length: MAX_STREAMS.program + 5 }, (_, n) =>
        fetch(`${program.url}/api/v1/payment/events?order_id=ORD-${n}`, { signal: abort.signal }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, MAX_STREAMS.program);
    abort.abort();
  });
});

describe("metrics in production", () => {
  const PRODUCTION = {
    PORT: "0",
    LOG_LEVEL: "silent",
    ONEGATE_MODE: "production",
    ONEGATE_ANONYMOUS: "off",
    ONEGATE_SIMULATOR: "off",
    ONEGATE_SECRET_KEY: "5a".repeat(32),
    PUBLIC_URL: "https://pos.contoh.invalid",
  };

  it("can be read only from this machine and not by proxy; if a token is set, only with it", async () => {
    const test = await openTestDatabase();
    const start = (environment = {}) =>
      startProgram({
        settings: readSettings({ ...PRODUCTION, ...environment }),
        connection: test.connection,
        tripayUrl: "",
      });
    const read = async (url: string, headers: Record<string, string> = {}) => {
      const { socket, text } = open(url);
      socket.write(head("GET", "/metrics", { ...headers, connection: "close" }));
      await becomes(() => socket.destroyed);
      return [Number(text().slice(9, 12)), /"code":"(\w+)"/.exec(text())?.[1]];
    };
    const local = await start();
    try {
      assert.deepEqual(await read(local.url), [200, undefined]);
      assert.deepEqual(await read(local.url, { "x-forwarded-for": "203.0.113.7" }), [403, "metrics_closed"]);
      assert.deepEqual(await read(local.url, { host: "pos.contoh.invalid" }), [403, "metrics_closed"]);
      assert.deepEqual(await read(local.url, { host: "192.168.1.20" }), [403, "metrics_closed"]);
    } finally {
      await local.stop();
    }
    const token = "panjang-dan-rahasia-0123456789";
    const tokened = await start({ ONEGATE_METRICS_TOKEN: token });
    try {
      assert.deepEqual(await read(tokened.url), [401, "unauthenticated"]);
      assert.deepEqual(await read(tokened.url, { authorization: `Bearer ${token}x` }), [
        401,
        "unauthenticated",
      ]);
      assert.deepEqual(
        await read(tokened.url, {
          authorization: `Bearer ${token}`,
          host: "pos.contoh.invalid",
          "x-forwarded-for": "203.0.113.7",
        }),
        [200, undefined],
      );
    } finally {
      await tokened.stop();
      await test.close();
    }
  });
});

describe("stopping the program", () => {
  it("answers requests in progress and long polls, ends streams, and closes every connection", {
    timeout: 40_000,
  }, async () => {
    const test = await openTestDatabase();
    const running = await startProgram({
      settings: readSettings({ PORT: "0", LOG_LEVEL: "silent" }),
      connection: test.connection,
      tripayUrl: "http://127.0.0.1:9",
    });
    const post = (path: string, body: unknown) =>
      fetch(`${running.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    try {
      assert.equal(
        (
          await post("/api/v1/payment/create-transaction", {
            order_id: "ORD-1",
            amount: 25_000,
            customer_name: "Ibu",
            order_items: [{ name: "Kopi", price: 25_000, quantity: 1 }],
          })
        ).status,
        201,
      );
      const holder = await test.database.pool.connect();
      await holder.query("begin");
      await holder.query("lock table ledger_balance in access exclusive mode");

      const payment = {
        id: newId(),
        currency: "IDR",
        amount: "1.00",
        source_account: "ACC_SRC_ABC",
        destination_account: "ACC_DST_DEF",
      };
      const paying = post("/payments", payment);
      const poll = fetch(`${running.url}/api/v1/payment/get-status-payment?order_id=ORD-1&wait=30`);
      const stream = await fetch(`${running.url}/api/v1/payment/events?order_id=ORD-1`);
      const [silent, half, trickling, idle] = [
        open(running.url),
        open(running.url),
        open(running.url),
        open(running.url),
      ];
      half.socket.write("GET /healthz HTTP/1.1\r\nhost: loc");
      trickling.socket.write(
        head("POST", "/payments", { "content-type": "application/json", "content-length": 1_000 }),
      );
      const trickle = setInterval(() => trickling.socket.writable && trickling.socket.write(" "), 100);
      idle.socket.write(head("GET", "/healthz"));
      await becomes(() => idle.text().includes("200"));
      // the payment and the poll have begun
      await sleep(300);

      const stopped = running.stop();
      await Promise.all([silent.closed, half.closed, idle.closed]);
      const polled = await poll;
      assert.deepEqual(
        [
          polled.status,
          polled.headers.get("connection"),
          ((await polled.json()) as { data: OrderBody }).data.status,
        ],
        [200, "close", "UNPAID"],
      );
      await stream.text();
      await trickling.closed;
      clearInterval(trickle);
      await holder.query("rollback");
      holder.release();
      const paid = await paying;
      assert.deepEqual([paid.status, paid.headers.get("connection")], [200, "close"]);
      await stopped;
      const { rows } = await test.database.pool.query("select from ledger_transfer where reference = $1", [
        payment.id,
      ]);
      assert.equal(rows.length, 1, "the acknowledged payment was posted");
    } finally {
      await running.stop();
      await test.close();
    }
  });

  it("doesn't wait for ever for a request that never ends", { timeout: 40_000 }, async () => {
    const http = createHttp(createLog("silent"), createMetrics(), readSettings({}));
    http.get("/", { config: { right: "health.read" } }, () => new Promise(() => undefined));
    const url = await http.listen({ host: "127.0.0.1", port: 0 });
    const { socket, closed } = open(url);
    socket.write(head("GET", "/"));
    await sleep(200);
    await http.close();
    await closed;
  });
});
