import { newId, type Problem, type TokensBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createLog } from "../server/kernel/index.ts";
import { openTestProgram, type TestProgram } from "../server/testing/program.ts";

/** The part of JSON Schema that the routes use. */
type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
};

/** A canary that must not appear in any output, for each format and length that a field may require. */
const CANARY = "kenari";
const CANARIES = [
  `${CANARY}-7f3a rahasia <b>"x"</b>`,
  `${CANARY}.7f3a@contoh.invalid`,
  `https://${CANARY}.contoh.invalid/7f3a`,
  `${CANARY}-7f3a-0123456789-0123456789`,
  `/${CANARY}/7f3a`,
  `${CANARY}7f3a`,
  CANARY,
  "+62899771234567",
  "0899771234567",
  "899771234567",
  "899771",
  "89977",
];
/** Matches text that contains a canary, in letters or digits. */
const LEAKED = /kenari|89977/i;
const OUR_IDS = /"request_id":"[0-9a-f-]{36}"/g;

const lines: string[] = [];
let program: TestProgram;
let tokens: { owner: string; user: string };
before(async () => {
  program = await openTestProgram({
    environment: { LOG_LEVEL: "trace" },
    logTo: { write: (line) => void lines.push(line) },
  });
  const { body } = await program.call<TokensBody>("POST", "/api/auth/login", {
    body: { username: "andi.contoh", password: "rahasia-demo" },
  });
  tokens = { owner: await program.unlock("Ratna", "333333"), user: body.access_token };
});
after(() => program.close());

/** A valid body for the schema, with the strings that `text` gives; the same in each run. */
function sample(schema: Schema, text: (schema: Schema) => string | undefined = () => undefined): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sample(schema.anyOf[0] ?? {}, text);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(part, text)));
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sample(property, text)]),
      );
    case "array":
      return Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () =>
        sample(schema.items ?? {}, text),
      );
    case "integer":
    case "number":
      return Math.max(1, schema.minimum ?? 1);
    case "boolean":
      return true;
    case "null":
      return null;
    case "string":
    case undefined:
    default:
      return text(schema) ?? plain(schema);
  }
}

function plain({ format, pattern, minLength = 1, maxLength = 20 }: Schema): string {
  if (format === "uuid") return newId();
  if (format === "date-time") return "2026-01-01T00:00:00Z";
  if (format === "date") return "2026-01-01";
  const length = Math.min(Math.max(1, minLength), maxLength);
  const found = [
    "1".repeat(length),
    ...[5, 6, 13].map((digits) => "1".repeat(digits)),
    "2026-01-01",
    "tamu@contoh.invalid",
    "/a",
    "payment.*",
    "09:00",
    "ABCD-EFGH",
    "tripay",
  ].find(
    (example) =>
      example.length >= minLength &&
      example.length <= maxLength &&
      (pattern === undefined || new RegExp(pattern, "u").test(example)),
  );
  assert.ok(found !== undefined, `add an example that matches ${pattern} to test/bodies.test.ts`);
  return found;
}

/** The first canary that a field accepts. */
function canary({ format, pattern, minLength = 0, maxLength = 1_000 }: Schema): string | undefined {
  if (format !== undefined) return undefined;
  return CANARIES.find(
    ({ length }, n) =>
      length >= minLength &&
      length <= maxLength &&
      (pattern === undefined || new RegExp(pattern, "u").test(CANARIES[n] ?? "")),
  );
}

/** Every object within a value, with its schema. */
function* objectsOf(
  value: unknown,
  schema: Schema,
): Generator<[object: Record<string, unknown>, schema: Schema]> {
  if (Array.isArray(value)) for (const item of value) yield* objectsOf(item, schema.items ?? {});
  if (schema.anyOf?.[0]) return yield* objectsOf(value, schema.anyOf[0]);
  if (schema.type !== "object" || typeof value !== "object" || value === null) return;
  yield [value as Record<string, unknown>, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* objectsOf((value as Record<string, unknown>)[name], property);
}

const routes = () => program.routes.filter(({ method }) => !["GET", "HEAD"].includes(method));
const bodyOf = ({ schema }: TestProgram["routes"][number]) => schema["body"] as Schema | undefined;

/** Sends a request as a user or the owner, whoever has the route's right. */
function send(
  { method, url, right }: TestProgram["routes"][number],
  raw: string | undefined,
  headers: Record<string, string> = {},
) {
  const token =
    /^(wallet|profile|password|totp|account|session)\./.test(right) && !right.endsWith(".decide")
      ? tokens.user
      : tokens.owner;
  return program.call<Problem | undefined>(
    method,
    url.replace(/(?<!:):[a-z_]+/gi, (name) => (name === ":provider" ? "tripay" : newId())).replace("::", ":"),
    {
      ...(right.startsWith("session.open") || right === "user.register" || right === "provider.notify"
        ? {}
        : { token }),
      headers: { "idempotency-key": newId(), ...headers },
      ...(raw === undefined ? {} : { raw }),
    },
  );
}

describe("fault 32: a field that is not in a body's schema", () => {
  const ALIENS = {
    price: 1,
    amount_received: 1,
    merchant_id: "01900000-0000-7000-8000-000000000001",
    outlet_id: newId(),
    role: "owner",
    rights: ["provider.manage"],
    balance: "1000000.00",
    is_admin: true,
    status: "PAID",
    user_id: newId(),
    constructor: "x",
    toString: "x",
    hasOwnProperty: 1,
  };

  it("is refused by name in every body of every route, in each object of it", async () => {
    let tried = 0;
    for (const route of routes()) {
      const schema = bodyOf(route);
      if (!schema) continue;
      const whole = sample(schema);
      for (const [object, objectSchema] of objectsOf(whole, schema)) {
        for (const [name, value] of Object.entries(ALIENS)) {
          if (Object.hasOwn(objectSchema.properties ?? {}, name)) continue;
          Object.defineProperty(object, name, {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          });
          const { status, code, body } = await send(route, JSON.stringify(whole));
          Reflect.deleteProperty(object, name);
          tried += 1;
          assert.deepEqual(
            [status, code],
            [422, "request_invalid"],
            `${route.method} ${route.url} accepted ${name}: ${JSON.stringify(body)}`,
          );
        }
      }
    }
    assert.ok(tried > 500, `only ${tried} fields were tried`);
  });

  it("can't change a prototype: __proto__ and constructor.prototype are refused on every route", async () => {
    for (const route of routes()) {
      const schema = bodyOf(route);
      const whole = schema ? sample(schema) : {};
      const poisons = [
        '"__proto__":{"role":"owner","isAdmin":true}',
        '"constructor":{"prototype":{"role":"owner"}}',
        '"\\u005f_proto__":{"role":"owner"}',
      ];
      for (const poison of poisons) {
        const text = JSON.stringify(whole);
        const raw = text === "{}" ? `{${poison}}` : text.replace("{", `{${poison},`);
        const { status } = await send(route, raw);
        assert.ok(
          status >= 400 && status < 500,
          `${route.method} ${route.url} answered ${status} to ${poison}`,
        );
      }
    }
    assert.equal(({} as { role?: string }).role, undefined);
  });

  it("has no effect on a route without a body: the answer is the same as without one", async () => {
    for (const route of routes()) {
      if (bodyOf(route) || route.right === "provider.notify" || route.url === "/api/v1/till/lock") continue;
      const [bare, stuffed] = [await send(route, undefined), await send(route, JSON.stringify(ALIENS))];
      assert.ok(
        stuffed.status === bare.status || stuffed.status >= 400,
        `${route.method} ${route.url}: ${bare.status}, with a body ${stuffed.status}`,
      );
    }
    await program.assertBooksHold();
  });
});

describe("fault 36: personal and secret data", () => {
  /** Sends canaries in the body, the headers and the query of every route. */
  async function requestAll(): Promise<void> {
    for (const route of routes()) {
      const schema = bodyOf(route);
      const raw = schema ? JSON.stringify(sample(schema, canary)) : undefined;
      const headers = {
        "user-agent": CANARIES[1] ?? "",
        "idempotency-key": `${CANARY}-${newId()}`,
        "x-callback-signature": CANARY,
        "x-callback-token": CANARY,
        "x-signature": CANARY,
        referer: CANARIES[2] ?? "",
        cookie: `a=${CANARY}`,
      };
      const { status, body } = await send(
        route,
        raw ?? JSON.stringify({ name: CANARY, email: CANARIES[1], phone: CANARIES[7] }),
        headers,
      );
      if (status >= 400)
        assert.doesNotMatch(
          JSON.stringify(body ?? ""),
          LEAKED,
          `${route.method} ${route.url} answered ${status} with data of the request`,
        );
    }
    // in addresses too: a request is logged with its route's pattern, not with its path
    for (const path of [
      `/api/v1/orders/${CANARY}`,
      `/api/auth/profile?email=${CANARIES[1]}`,
      `/${CANARY}`,
      `/%zz${CANARY}`,
    ])
      await program.call("GET", path, { token: tokens.owner });
    for (const authorization of [
      `Bearer ${CANARY.repeat(8)}`.slice(0, 50),
      `Basic ${CANARY}`,
      `Bearer ogk_test_${CANARY}`,
    ])
      await program.call("GET", "/api/auth/profile", { headers: { authorization } });
  }

  /** The whole life cycle of a wallet user and of an order. */
  async function live(): Promise<void> {
    const [email, phone, password] = [
      `${CANARY}.hidup@contoh.invalid`,
      "+62899771112223",
      `${CANARY}-Senja-di-Lembang-77`,
    ];
    assert.equal(
      (
        await program.call("POST", "/api/auth/register", {
          body: { username: `${CANARY}.hidup`, email, phone, password },
        })
      ).status,
      201,
    );
    const signed = await program.call<TokensBody>("POST", "/api/auth/login", {
      body: { username: email, password },
    });
    assert.equal(signed.status, 200);
    assert.equal(
      (await program.call("POST", "/api/auth/login", { body: { username: phone, password: `${password}!` } }))
        .status,
      401,
    );
    await program.call("POST", "/api/auth/totp", { token: signed.body.access_token, body: { password } });
    assert.equal(
      (await program.call("PUT", "/api/auth/refresh", { body: { refresh_token: signed.body.refresh_token } }))
        .status,
      200,
    );
    lines.push(
      ...(lines.some(
        (line) => line.includes(signed.body.refresh_token) || line.includes(signed.body.access_token),
      )
        ? [`${CANARY}: a token was logged`]
        : []),
    );
    const order = {
      order_id: "ORD-1",
      amount: 25_000,
      customer_name: `Ibu ${CANARY}`,
      customer_email: email,
      order_items: [{ name: `Kopi ${CANARY}`, price: 25_000, quantity: 1 }],
    };
    assert.equal(
      (await program.call("POST", "/api/v1/payment/create-transaction", { body: order })).status,
      201,
    );
    for (const fault of [undefined, "error_500", "html_403"]) {
      if (fault) await program.lever("POST", "faults", { fault }).catch(() => undefined);
      await program.call("POST", "/api/v1/payment/create-payment", {
        body: { order_id: "ORD-1", method: "QRIS2" },
      });
    }
  }

  async function assertNothingLeaked(): Promise<void> {
    // a generated id may contain any digits
    const leak = lines.find((line) => LEAKED.test(line.replace(OUR_IDS, "")));
    assert.equal(leak, undefined);
    assert.ok(
      lines.some((line) => line.includes('"route":"/api/auth/register"')),
      "requests are logged",
    );
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    assert.match(metrics, /payment_requests_total/);
    assert.doesNotMatch(metrics, LEAKED);
    // a field's value must not get into a job's error, which is kept for operators
    const { rows } = await program.database.pool.query<{ last_error: string }>(
      "select coalesce(last_error, '') as last_error from graphile_worker.jobs",
    );
    assert.doesNotMatch(JSON.stringify(rows), LEAKED);
  }

  it("stays out of logs, errors and metrics, in every field of every route", async () => {
    await requestAll();
    await live();
    await assertNothingLeaked();
  });

  it("stays out of them when the database refuses every write and errors are logged", async () => {
    const { pool } = program.database;
    await pool.query("revoke insert, update, delete on all tables in schema public from onegate_app");
    const before = lines.length;
    try {
      await requestAll();
    } finally {
      await pool.query("grant insert, update, delete on all tables in schema public to onegate_app");
    }
    assert.ok(
      lines.slice(before).some((line) => line.includes('"msg":"a bug"')),
      "bugs were logged",
    );
    await assertNothingLeaked();
  });

  it("stays out of the log when a database error quotes the value it can't read", async () => {
    const error = await program.database.pool.query("select $1::text::uuid", [CANARY]).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.match(String(error), LEAKED);
    const written: string[] = [];
    createLog("info", { write: (line) => void written.push(line) }).error({ err: error }, "a bug");
    assert.match(written.join(""), /invalid input syntax/);
    assert.doesNotMatch(written.join(""), LEAKED);
  });
});
