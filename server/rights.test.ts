import {
  IDR,
  KEY_SCOPES,
  newId,
  type CatalogueBody,
  type Id,
  type Problem,
  type ProductBody,
  type SaleBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { DEMO_MERCHANT, DEMO_OUTLET } from "./demo/index.ts";
import { insertStaff, rights, refusalFor, type Right, type Role } from "./identity/index.ts";
import { isInScope } from "./identity/keys/key.ts";
import { grantable, mayWithApproval, OWNER_ONLY, PIN_CHANGE_RIGHTS, rightsOf } from "./identity/rights.ts";
import { newToken, tokenHash } from "./identity/secret.ts";
import {
  cursorToText,
  inTransaction,
  latestCursor,
  readSettings,
  type RegisteredRoute,
} from "./kernel/index.ts";
import { chartOf, openAccounts } from "./ledger/index.ts";
import { startProgram, type Program } from "./roles.ts";
import { moveStock } from "./stock/index.ts";
import { fixtures, kinds, putObject, type Fixture, type Kind, type Place } from "./testing/objects.ts";
import { newSale, openTestProgram, type TestProgram } from "./testing/program.ts";
import { bearing, openTestSession } from "./testing/session.ts";
import { openStranger } from "./testing/shop.ts";
import { until } from "./testing/until.ts";
import { demoUser } from "./testing/wallet.ts";

const REFERENCE = fileURLToPath(new URL("../docs/reference/rights.md", import.meta.url));
/** A text in the other merchant's rows. */
const MARK = "Milik Asing";
/** The rights of the shop's custom role. */
const GRANTED: readonly Right[] = ["sale.read", "report.read"];
/** Refusals that come before any object is looked up. */
const BY_RIGHT = new Set([
  "unauthenticated",
  "forbidden",
  "scope_missing",
  "pin_change_needed",
  "approval_needed",
]);

/** Kinds of objects that belong to an outlet: staff other than owners see no other outlet's in any list. */
const OF_AN_OUTLET: ReadonlySet<string> = new Set([
  "outlet",
  "sale",
  "device",
  "staff",
  "staff_session",
  "payment",
  "unverified",
  "suspense",
  "dispute",
  "difference",
] satisfies Kind[]);
/** Kinds that belong to a wallet user. */
const OF_A_USER: ReadonlySet<string> = new Set([
  "wallet_account",
  "operation",
  "payment_operation",
  "hold",
  "topup",
  "withdrawal",
  "user_session",
] satisfies Kind[]);

type Requester = {
  readonly name: string;
  readonly url: () => string;
  readonly token?: string;
  readonly may: (right: Right) => boolean;
  /** The refusal's code where it lacks the right. */
  readonly no: string;
  /** The staff member's role, which decides what a second person can approve. */
  readonly role?: string;
};

let program: TestProgram;
/** The same program, but without anonymous access in the sandbox. */
let strict: Program;
let askers: Requester[];
type Sight = "foreign" | "elsewhere" | "own";
const objects = new Map<string, Id>();
let stranger: Id;

before(async () => {
  program = await openTestProgram();
  strict = await startProgram({
    settings: { ...readSettings({ PORT: "0", LOG_LEVEL: "silent", ONEGATE_ANONYMOUS: "off" }) },
    connection: program.connection,
    tripayUrl: `${program.simulator.url}/api-sandbox`,
    simulatorUrl: program.simulator.url,
  });
  const { kysely, pool } = program.database;
  const client = await pool.connect();
  // without row-level security, so that each verb's own filter is tested
  await client.query(`do $$ declare t regclass; begin
    for t in select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace and c.relrowsecurity
    loop execute format('alter table %s disable row level security', t); end loop;
  end $$`);

  const other = await openStranger(program, MARK);
  stranger = other.merchantId;
  const { rows: users } = await client.query<{ id: Id; username: string }>(
    "select id, username from users order by username",
  );
  const idOf = (name: string) => users.find(({ username }) => username === name)?.id ?? assert.fail(name);
  const own: Place = {
    merchantId: DEMO_MERCHANT,
    outletId: DEMO_OUTLET,
    userId: idOf("andi.contoh"),
    mark: "Contoh",
  };
  const elsewhere: Place = {
    ...own,
    outletId: await putObject(client, "outlet", own),
    userId: idOf("dewi.contoh"),
  };
  const foreign: Place = {
    merchantId: other.merchantId,
    outletId: other.outletId,
    userId: idOf("dewi.contoh"),
    mark: MARK,
  };
  for (const kind of Object.keys(kinds) as Kind[]) {
    for (const [sight, place] of Object.entries({ own, elsewhere, foreign }))
      objects.set(
        `${kind} ${sight}`,
        kind === "outlet" ? place.outletId : await putObject(client, kind, place),
      );
  }

  const roleId = newId();
  await client.query(
    "insert into staff_role (merchant_id, role_id, name, rights) values ($1, $2, 'Barista', $3)",
    [DEMO_MERCHANT, roleId, GRANTED],
  );
  const url = () => program.url;
  const staff = async (
    name: string,
    role: "cashier" | "manager" | "owner" | "custom",
    pinChangeOnly = false,
  ): Promise<Requester> => {
    const staffId = newId();
    const { token, hash } = newToken();
    await client.query(
      `insert into staff (merchant_id, staff_id, outlet_id, name, role, role_id, pin_hash)
       values ($1, $2, $3, $4, $5, $6, '')`,
      [DEMO_MERCHANT, staffId, DEMO_OUTLET, name, role, role === "custom" ? roleId : null],
    );
    await kysely
      .transaction()
      .execute((tx) =>
        openTestSession(tx, { merchantId: DEMO_MERCHANT, outletId: DEMO_OUTLET, staffId }, hash),
      );
    if (pinChangeOnly)
      await client.query("update staff_session set pin_change_only = true where token_hash = $1", [hash]);
    const has = pinChangeOnly ? PIN_CHANGE_RIGHTS : rightsOf(role, GRANTED);
    return {
      name,
      url,
      token,
      may: (right) => has.has(right),
      no: pinChangeOnly ? "pin_change_needed" : "forbidden",
      ...(pinChangeOnly ? {} : { role }),
    };
  };
  const byRole = (role: Role) => (right: Right) => refusalFor(role, right) === undefined;
  const keys = await Promise.all(
    KEY_SCOPES.map(async (scope): Promise<Requester> => {
      const secret = `ogk_test_${newToken().token}`;
      await pool.query(
        `insert into merchant_key (merchant_id, key_id, name, mode, scopes, prefix, key_hash, created_by)
         values ($1, $2, 'kunci', 'test', $3, 'ogk_test_contoh', $4, 'tes')`,
        [DEMO_MERCHANT, newId(), [scope], tokenHash(secret)],
      );
      return {
        name: `key ${scope}`,
        url,
        token: secret,
        may: (right) => isInScope([scope], right),
        no: "scope_missing",
      };
    }),
  );
  client.release();
  askers = [
    { name: "anyone", url: () => strict.url, may: byRole("anyone"), no: "unauthenticated" },
    { name: "a wrong token", url, token: newToken().token, may: byRole("anyone"), no: "unauthenticated" },
    { name: "sandbox", url, may: byRole("sandbox"), no: "unauthenticated" },
    {
      name: "user",
      url,
      token: (await demoUser(program, "andi.contoh")).token,
      may: byRole("user"),
      no: "forbidden",
    },
    await staff("cashier", "cashier"),
    await staff("manager", "manager"),
    await staff("owner", "owner"),
    await staff("custom", "custom"),
    await staff("must change the PIN", "cashier", true),
    ...keys,
  ];
});
after(async () => {
  await strict.stop();
  await program.close();
});

const named = ({ method, url: path }: RegisteredRoute) => `${method} ${path}`;
/** Fixtures of a route; none if it takes no object. */
const fixturesOf = (route: RegisteredRoute): readonly Fixture[] => fixtures[named(route)] ?? [];
const objectOf = (kind: Kind, sight: Sight) =>
  objects.get(`${kind} ${sight}`) ?? assert.fail(`${kind} ${sight}`);

type Outcome = { readonly status: number; readonly code: string | undefined; readonly text: string };

async function ask(
  { url, token }: Requester,
  { method, url: path }: RegisteredRoute,
  id: Id,
  { query, body }: Partial<Fixture> = {},
): Promise<Outcome> {
  const filled =
    path
      .replaceAll("::", ":")
      .replace(":provider", "tripay")
      .replace(":date", "2026-11-01")
      .replaceAll(/:(id|order_id|account)\b/g, id) + (query === undefined ? "" : `?${query}=${id}`);
  // signing out without a body would end the session that the next requests need
  const sent =
    method === "DELETE" && path === "/api/auth/logout"
      ? { refresh_token: "of nobody" }
      : body?.(id, { outletId: DEMO_OUTLET });
  const aborter = new AbortController();
  const response = await fetch(`${url()}${filled}`, {
    method,
    headers: {
      ...bearing(token),
      ...(sent === undefined ? {} : { "content-type": "application/json" }),
      "idempotency-key": newId(),
    },
    signal: aborter.signal,
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  // a stream never ends by itself
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  const text = isStream ? "" : await response.text();
  if (isStream) aborter.abort();
  const isJson = /\bjson/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    code: isJson && text ? (JSON.parse(text) as Partial<Problem>).code : undefined,
    text,
  };
}

/** The answer without the parts that differ between any two answers. */
const plain = ({ status, text }: Outcome, id: Id) =>
  `${status} ${text.replaceAll(id, "ID").replaceAll(/"(request_id|instance|id)": ?"[^"]*"/g, "")}`;

/** Runs `work` on all items, six at a time. */
async function inParts<T>(all: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
}

/** A hash of the other merchant's rows for each table. */
async function foreignRows(): Promise<Map<string, string>> {
  const { pool } = program.database;
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'merchant_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const hashes = new Map<string, string>();
  for (const { name } of rows) {
    const {
      rows: [row],
    } = await pool.query<{ hash: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' order by t::text)), '') as hash
         from ${name} t where merchant_id = $1`,
      [stranger],
    );
    hashes.set(name, row?.hash ?? "");
  }
  return hashes;
}

describe("route × role × tenant", () => {
  it("has a fixture for each route that takes an object", () => {
    const takes = ({ url: path, schema }: RegisteredRoute) => {
      const fields = [schema.body, schema.querystring].flatMap((part) =>
        Object.entries(
          (part as { properties?: Record<string, { format?: string }> } | undefined)?.properties ?? {},
        ),
      );
      return (
        /(?<!:):[a-z]/.test(path) ||
        fields.some(
          ([name, { format }]) =>
            (format === "uuid" && name !== "id") || /^(order_id|source_account)$/.test(name),
        )
      );
    };
    const without = program.routes
      .filter((route) => takes(route) && fixturesOf(route).length === 0 && !NEW_IDS.has(named(route)))
      .map(named);
    assert.deepEqual(
      without,
      [],
      "these routes take an object; add its kind and a request for one to server/testing/objects.ts: " +
        without.join(", "),
    );
    const known = new Set(program.routes.map(named));
    assert.deepEqual(
      Object.keys(fixtures).filter((name) => !known.has(name)),
      [],
      "server/testing/objects.ts names routes that don't exist",
    );
  });

  it("refuses callers without the right before any object is looked up, and lets the others in", async () => {
    // no inquiries of providers, which would change payments in the background
    await program.database.pool.query("update payment set ask_at = null");
    const before = await foreignRows();
    // routes that end the caller's session come last
    const routes = [...program.routes].sort(
      (a, b) => Number(a.right === "till.lock") - Number(b.right === "till.lock"),
    );
    const cells = routes.flatMap((route) => askers.map((asker) => ({ route, asker })));
    const wrong: string[] = [];
    await inParts(
      cells.filter(({ route }) => route.right !== "till.lock"),
      async ({ route, asker }) => cell(route, asker, wrong),
    );
    for (const { route, asker } of cells.filter(
      (pair) =>
        pair.route.right === "till.lock" &&
        pair.asker.name !== "must change the PIN" &&
        !pair.asker.may("till.lock"),
    ))
      await cell(route, asker, wrong);
    assert.deepEqual(wrong, []);
    assert.deepEqual(await foreignRows(), before);
  });

  async function cell(route: RegisteredRoute, asker: Requester, wrong: string[]): Promise<void> {
    const outcome = await ask(
      asker,
      route,
      newId(),
      fixturesOf(route)[0]?.query === undefined ? {} : { query: fixturesOf(route)[0]?.query ?? "" },
    );
    const isLetIn = !BY_RIGHT.has(outcome.code ?? "");
    const may = asker.may(route.right as Right);
    const refusal =
      route.approvable && mayWithApproval(asker.role ?? "", route.right as Right)
        ? "approval_needed"
        : asker.no;
    if (may !== isLetIn || (!may && outcome.code !== refusal) || outcome.status >= 500)
      wrong.push(
        `${asker.name}: ${named(route)}: ${outcome.status} ${outcome.code}, ` +
          `expected ${may ? "to be let in" : refusal}`,
      );
    // a list shows the most without its filter
    const texts = [
      outcome.text,
      fixturesOf(route)[0]?.query === undefined || !may ? "" : (await ask(asker, route, newId())).text,
    ].join(" ");
    if (texts.includes(MARK)) wrong.push(`${asker.name}: ${named(route)} shows another merchant's text`);
    for (const [name, id] of objects) {
      const [kind = "", sight] = name.split(" ");
      const isHidden =
        sight === "foreign" || (sight === "elsewhere" && isHiddenElsewhere(kind, route, asker));
      if (isHidden && texts.includes(id))
        wrong.push(`${asker.name}: ${named(route)} shows ${kind}, which is ${sight}`);
    }
  }

  /**
   * Whether a list must hide an object of the merchant's other outlet, or of another user. An owner's till
   * also shows one outlet only.
   */
  function isHiddenElsewhere(
    kind: string,
    { url: path }: RegisteredRoute,
    { role, name }: Requester,
  ): boolean {
    if (name === "user") return OF_A_USER.has(kind);
    return (
      OF_AN_OUTLET.has(kind) && role !== undefined && (role !== "owner" || path.startsWith("/api/v1/till/"))
    );
  }

  it("hides and protects objects of other merchants, and of other outlets and users", async () => {
    // no inquiries of providers, which would change payments in the background
    await program.database.pool.query("update payment set ask_at = null");
    const before = await foreignRows();
    const cells = program.routes.flatMap((route) =>
      fixturesOf(route)
        .filter(({ provenBy }) => provenBy === undefined)
        .flatMap((fixture) =>
          askers
            .filter((asker) => asker.may(route.right as Right))
            .map((asker) => ({ route, fixture, asker })),
        ),
    );
    assert.ok(cells.length > 100);
    const wrong: string[] = [];
    await inParts(cells, async ({ route, fixture, asker }) => {
      const { kind, elsewhere = [], statusFor } = fixture;
      const status = statusFor?.[asker.name] ?? fixture.status ?? 404;
      const unknown = newId();
      const expected = await ask(asker, route, unknown, fixture);
      if (expected.status !== status)
        wrong.push(
          `${asker.name}: ${named(route)}: an unknown ${kind}: ${expected.status} ${expected.text}, ` +
            `expected ${status}; check its fixture`,
        );
      for (const sight of [
        "foreign",
        ...(elsewhere.includes(asker.name) ? (["elsewhere"] as const) : []),
      ] as const) {
        const id = objectOf(kind, sight);
        const outcome = await ask(asker, route, id, fixture);
        if (plain(outcome, id) !== plain(expected, unknown))
          wrong.push(
            `${asker.name}: ${named(route)}: ${kind} ${sight}: ${plain(outcome, id)}, ` +
              `expected ${plain(expected, unknown)}`,
          );
        if (outcome.text.includes(MARK)) wrong.push(`${asker.name}: ${named(route)} shows ${kind} ${sight}`);
      }
    });
    assert.deepEqual(wrong, []);
    assert.deepEqual(await foreignRows(), before);
  });

  it("streams only the own outlet's past and new events to a till", async () => {
    const [here, there] = [await tillAt(DEMO_OUTLET), await tillAt(objectOf("outlet", "elsewhere"))];
    const since = cursorToText(await latestCursor(program.database.kysely));
    const listeners = [...askers.filter(({ may, role }) => role !== undefined && may("event.read")), there];
    assert.deepEqual(
      listeners.map(({ name }) => name),
      ["cashier", "manager", "owner", there.name],
    );
    const live = await Promise.all(listeners.map((asker) => hear(asker)));
    const [ours, theirs] = [await sellAt(here), await sellAt(there)];
    // these events come last and reach every till
    const { products } = (
      await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: here.token })
    ).body;
    for (const { outletId } of [here, there]) {
      await inTransaction(program.database, (tx) =>
        moveStock(tx, DEMO_MERCHANT, outletId, newId(), [
          { movementId: newId(), productId: products[0]?.id ?? "", kind: "count", quantity: 1 },
        ]),
      );
    }
    assert.equal(
      (
        await program.call("POST", "/api/v1/products", {
          token: here.token,
          body: { name: "Kue Cubit", price: rupiah("5000") },
          headers: { "idempotency-key": newId() },
        })
      ).status,
      201,
    );
    assert.equal(
      (
        await program.call<ProductBody>("PATCH", `/api/v1/products/${products[0]?.id}`, {
          token: here.token,
          body: { price: rupiah("31000") },
        })
      ).status,
      200,
    );
    const past = await Promise.all(listeners.map((asker) => hear(asker, since)));
    for (const [index, asker] of listeners.entries()) {
      const [own, others] = asker === there ? [theirs, ours] : [ours, theirs];
      for (const [when, stream] of [
        ["past", past[index]],
        ["live", live[index]],
      ] as const) {
        assert.ok(stream);
        const heard = await until(
          async () => stream.heard(),
          (text) => text.includes("event: product.changed"),
        );
        stream.end();
        const topics = new Set([...heard.matchAll(/^event: (.*)$/gm)].map((match) => match[1] ?? ""));
        const all = [
          "sale.paid",
          "sale.cancelled",
          "sale.returned",
          "sale.refunded",
          "payment.succeeded",
          "payment.pending",
          "payment.cancelled",
          "product.added",
          "product.changed",
          "stock.changed",
          ...(asker.may("case.read") ? ["case.opened"] : []),
        ];
        assert.deepEqual(
          all.filter((topic) => !topics.has(topic)),
          [],
          `${asker.name}, ${when}: events are missing`,
        );
        assert.equal(
          topics.has("case.opened"),
          asker.may("case.read"),
          `${asker.name}, ${when}: money in suspense`,
        );
        for (const id of [...own.sales, ...own.payments])
          assert.ok(heard.includes(id), `${asker.name}, ${when}: gets no event of ${id}`);
        for (const text of [others.outletId, ...others.sales, ...others.payments, others.reason])
          assert.ok(!heard.includes(text), `${asker.name}, ${when}: gets another outlet's ${text}`);
      }
    }
  });

  it("replays a stored answer only to retries of the same outlet", async () => {
    const [here, there] = [await tillAt(DEMO_OUTLET), await tillAt(objectOf("outlet", "elsewhere"))];
    const done = await sellAt(here);
    const routes = new Set<string>();
    for (const request of done.requests) {
      routes.add(request.route);
      const again = await send(here, request);
      assert.deepEqual(
        [again.status, again.headers.get("idempotent-replayed")],
        [request.status, "true"],
        request.route,
      );
      const other = await send(there, request);
      assert.ok(
        other.status >= 400 && other.status < 500,
        `${request.route} is replayed to another outlet: ${other.status}`,
      );
      for (const text of [...done.sales, ...done.payments, done.reason]) {
        if (!`${request.path} ${JSON.stringify(request.body)}`.includes(text))
          assert.ok(
            !JSON.stringify(other.body).includes(text),
            `${request.route} shows another outlet's ${text}`,
          );
      }
    }
    // all idempotent routes of a till are covered
    const once = program.routes
      .filter(
        ({ method, url: path }) =>
          method === "POST" && /^\/api\/v1\/till\/(sales|drawer)/.test(path) && !path.endsWith("/sum"),
      )
      .map(named);
    assert.deepEqual([...routes].sort(), once.sort());
  });

  it("is documented in docs/reference/rights.md", () => {
    const page = reference(program.routes);
    if (process.env["UPDATE_SNAPSHOTS"] === "1") {
      mkdirSync(new URL("../docs/reference/", import.meta.url), { recursive: true });
      writeFileSync(REFERENCE, page);
    }
    assert.equal(
      readFileSync(REFERENCE, "utf8"),
      page,
      "run UPDATE_SNAPSHOTS=1 npm test -- server/rights.test.ts and look at the difference",
    );
  });
});

const PRINTED = [
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI",
  "51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID",
  "5912Saifullah.id6014Kota Pontianak61057812463045F72",
].join("");
const rupiah = (amount: string) => ({ amount, currency: "IDR" });

type Till = Requester & { readonly token: string; readonly outletId: Id };
type Sent = {
  readonly route: string;
  readonly path: string;
  readonly body: unknown;
  readonly key: string;
  readonly status: number;
};
/** What was done at a till: the ids, the reason of its refunds, and the requests as they were sent. */
type Done = {
  readonly outletId: Id;
  readonly sales: readonly Id[];
  readonly payments: readonly Id[];
  readonly reason: string;
  readonly requests: readonly Sent[];
};

/** A manager's till at an outlet of the demo shop, with a drawer and a printed code. */
async function tillAt(outletId: Id): Promise<Till> {
  const staffId = newId();
  const { token, hash } = newToken();
  await inTransaction(program.database, async (tx) => {
    await insertStaff(
      tx,
      DEMO_MERCHANT,
      outletId,
      { staffId, name: `Manajer ${staffId.slice(-4)}`, role: "manager" },
      "",
    );
    await openTestSession(tx, { merchantId: DEMO_MERCHANT, outletId, staffId }, hash);
    await openAccounts(tx, DEMO_MERCHANT, chartOf(DEMO_MERCHANT, IDR, [], [outletId]));
  });
  const owner = askers.find(({ name }) => name === "owner")?.token ?? "";
  assert.equal(
    (
      await program.call("PUT", `/api/v1/outlets/${outletId}/static-qris`, {
        token: owner,
        body: { payload: PRINTED },
      })
    ).status,
    200,
  );
  return {
    name: `a till of ${outletId}`,
    url: () => program.url,
    token,
    outletId,
    role: "manager",
    no: "forbidden",
    may: (right) => rightsOf("manager").has(right),
  };
}

const send = ({ token }: Till, { path, body, key }: Pick<Sent, "path" | "body" | "key">) =>
  program.call<SaleBody>("POST", path, { token, body, headers: { "idempotency-key": key } });

/**
 * Does some of everything at a till: sales in cash and by both kinds of QRIS, a cancelled one, a late
 * payment, and refunds.
 */
async function sellAt(till: Till): Promise<Done> {
  const requests: Sent[] = [];
  const reason = `alasan ${newId()}`;
  const sold: SaleBody[] = [];
  const act = async (what: string, path: string, body: unknown, status: number): Promise<SaleBody> => {
    const sent = { route: `POST /api/v1/till/${what}`, path: `/api/v1/till/${path}`, body, key: newId() };
    const answer = await send(till, sent);
    assert.equal(answer.status, status, `${sent.route}: ${JSON.stringify(answer.body)}`);
    requests.push({ ...sent, status });
    return answer.body;
  };
  const catalogue = (
    await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: till.token })
  ).body;
  const ring = async (tender: string) => {
    const sale = await act("sales", "sales", newSale(catalogue, ["Teh Melati"], tender), 201);
    sold.push(sale);
    return sale;
  };
  const [cash, voided, scanned, late, printed] = [
    await ring("exact"),
    await ring("exact"),
    await ring("QRIS"),
    await ring("QRIS"),
    await ring("QRIS_STATIC"),
  ];
  await act("sales/:id/static-qris", `sales/${printed.id}/static-qris`, {}, 200);
  await act("sales/:id/cancel", `sales/${late.id}/cancel`, {}, 200);
  await act("sales/:id/refund", `sales/${cash.id}/refund`, { id: newId(), reason, restock: true }, 201);
  await act("sales/:id/void", `sales/${voided.id}/void`, { id: newId(), reason }, 201);
  await act("drawer", "drawer", { id: newId(), reason }, 201);
  for (const sale of [scanned, late])
    await program.lever("POST", `transactions/${sale.tenders[0]?.reference}/pay`);
  await until(
    async () =>
      (await program.call<SaleBody>("GET", `/api/v1/till/sales/${scanned.id}`, { token: till.token })).body
        .state,
    (state) => state === "paid",
  );
  await until(
    async () =>
      (
        await program.database.pool.query("select from suspense_case where payment_id = $1", [
          late.tenders[0]?.payment_id,
        ])
      ).rowCount,
    (count) => count === 1,
  );
  return {
    outletId: till.outletId,
    reason,
    requests,
    sales: sold.map(({ id }) => id),
    payments: sold.flatMap(({ tenders }) => tenders.map(({ payment_id: id }) => id)),
  };
}

/** Reads a till's event stream, from now on or after a cursor, until it is ended. */
async function hear({ url, token }: Requester, since?: string): Promise<{ heard(): string; end(): void }> {
  const aborter = new AbortController();
  const response = await fetch(`${url()}/api/v1/till/events`, {
    headers: { ...bearing(token), ...(since === undefined ? {} : { "last-event-id": since }) },
    signal: aborter.signal,
  });
  assert.equal(response.status, 200);
  let text = "";
  const read = async () => {
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
  };
  void read().catch(() => undefined);
  return { heard: () => text, end: () => aborter.abort() };
}

/** Routes whose callers make new ids. */
const NEW_IDS = new Set(["POST /api/v1/till/sales", "POST /api/v1/payment/create-transaction"]);

function reference(routes: readonly RegisteredRoute[]): string {
  const sorted = [...routes].sort((a, b) =>
    a.url === b.url ? (a.method < b.method ? -1 : 1) : a.url < b.url ? -1 : 1,
  );
  const roles = [
    "anyone",
    "sandbox",
    "user",
    "cashier",
    "manager",
    "owner",
  ] as const satisfies readonly Role[];
  const mark = (role: Role, { right, approvable }: RegisteredRoute) =>
    refusalFor(role, right as Right) === undefined
      ? "✓"
      : approvable && mayWithApproval(role, right as Right)
        ? "PIN"
        : "";
  const custom = (right: Right) =>
    (rights[right] as readonly string[]).includes("custom")
      ? "✓"
      : grantable.includes(right)
        ? "may"
        : OWNER_ONLY.has(right)
          ? "never"
          : "";
  const scopes = (right: Right) => {
    const those = KEY_SCOPES.filter((scope) => isInScope([scope], right));
    return those.length === KEY_SCOPES.length ? "any" : those.join(", ");
  };
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    "# Rights",
    "",
    "Generated from the program's routes and its table of rights (`server/identity/rights.ts`); " +
      "every cell is asked for over HTTP by `server/rights.test.ts`.",
    "",
    "- **sandbox**: nobody's credentials, in sandbox mode, for the demo shop alone. " +
      "**custom**: a role of a merchant's own: ✓ has it always, *may* be given it, *never*. " +
      "**PIN**: with a second person's approval, whoever has no right to it of his own; " +
      "without one the answer is `approval_needed` (403). **key**: the scopes that allow it.",
    "- Who may not is told `unauthenticated` (401) without credentials, " +
      "`forbidden` (403) as staff or user, `scope_missing` (403) with a key.",
    "- What is another merchant's does not exist: " +
      "the answer is that of an id that was never given, and nothing changes. " +
      "A second wall stands in the database ([decision 11](../decisions/0011-second-wall.md)).",
    "",
    row(["Route", "Right", ...roles, "custom", "key"]),
    row(["---", "---", ...roles.map(() => ":-:"), ":-:", "---"]),
    ...sorted.map((route) => {
      const right = route.right as Right;
      return row([
        `\`${named(route)}\``,
        `\`${right}\``,
        ...roles.map((role) => mark(role, route)),
        custom(right),
        scopes(right),
      ]);
    }),
    "",
    "## Objects",
    "",
    "What a route takes, how another merchant's is answered, " +
      "and for whom also another outlet's (a user: another user's) is not there.",
    "",
    row(["Route", "Object", "Another merchant's", "Another outlet's or user's is not there for"]),
    row(["---", "---", "---", "---"]),
    ...sorted.flatMap((route) =>
      fixturesOf(route).map(({ kind, status = 404, provenBy, elsewhere = [] }) =>
        row([
          `\`${named(route)}\``,
          provenBy === undefined || provenBy.startsWith("the") ? kind.replaceAll("_", " ") : "",
          provenBy ?? (status === 404 ? "404" : `${status}, as for none`),
          elsewhere.join(", "),
        ]),
      ),
    ),
    "",
  ].join("\n");
}
