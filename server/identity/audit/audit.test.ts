import {
  IDR,
  newId,
  type AuditPageBody,
  type CatalogueBody,
  type Id,
  type KeyWithSecretBody,
  type ShopBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { consume, createLog, inTransaction, openDatabase, PROGRAM_ROLE } from "../../kernel/index.ts";
import { readSealKey, signText } from "../../ledger/index.ts";
import { proveBooks } from "../../proof.ts";
import { openTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../../testing/program.ts";
import { until } from "../../testing/until.ts";
import { announceAudit } from "./announce-audit.ts";
import { auditTrail } from "./append.ts";
import { auditBreaches } from "./check.ts";
import { canonical, hashOf, NO_HASH, type AuditEntry, type Who } from "./entry.ts";
import { exportLines, partOf } from "./export.ts";
import { createRefusals, MAX_DISTINCT } from "./refusals.ts";
import { insertMerchant } from "../store.ts";
import { selectAuditHeads, selectFrom } from "./store.ts";
import { bearing } from "../../testing/session.ts";

const VERIFIER = fileURLToPath(new URL("../../../scripts/verify-audit.ts", import.meta.url));

describe("the audit trail", () => {
  let test: TestDatabase;
  let merchantId: Id;
  let who: Who;
  before(async () => {
    test = await openTestDatabase();
  });
  after(() => test.close());
  beforeEach(async () => {
    merchantId = newId();
    who = {
      merchantId,
      actor: newId(),
      deviceId: newId(),
      outletId: newId(),
      address: "203.0.113.7",
      requestId: "req-12345678",
    };
    await inTransaction(test.database, (tx) =>
      insertMerchant(tx, { merchantId, name: "Kedai Uji", currency: IDR, isDemo: false }),
    );
  });

  const tell = (n: number, by = who) =>
    inTransaction(test.database, async (tx) => {
      for (let i = 0; i < n; i++)
        await announceAudit(tx, by, {
          action: "price.changed",
          subject: `product-${i}`,
          before: { price: "12000.00", currency: "IDR" },
          after: { price: `${i}.00`, currency: "IDR" },
        });
    });
  /** Waits, because transactions elsewhere on the server can hold events back. */
  const append = () =>
    until(
      async () => {
        await consume(test.database, auditTrail);
        const { rows } = await test.database.pool.query<{ waiting: bigint }>(
          `select count(*) as waiting
              from outbox_event e
             where not exists (select from outbox_consumer c where c.name = $1 and (c.xid,
               c.event_id) >= (e.xid, e.event_id))`,
          [auditTrail.name],
        );
        return rows[0]?.waiting;
      },
      (waiting) => waiting === 0n,
      30_000,
    );
  const trail = () => selectFrom(test.database.kysely, merchantId, 1, 1_000_000, 1_000_000);

  it("the audit trail has no gaps, and each entry holds the hash of the one before", async () => {
    await Promise.all(Array.from({ length: 8 }, () => tell(5)));
    await Promise.all([append(), append()]);
    const entries = await trail();
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    let previous = NO_HASH;
    for (const entry of entries) {
      assert.equal(entry.previous_hash, previous);
      assert.equal(hashOf(entry), entry.hash);
      previous = entry.hash;
    }
    assert.match(entries[0]?.at ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.deepEqual(await auditBreaches(test.database.kysely), []);
  });

  it("a fact is audited if and only if it commits", async () => {
    await assert.rejects(
      inTransaction(test.database, async (tx) => {
        await announceAudit(tx, who, { action: "staff.signed_out", subject: who.actor });
        throw new Error("undone");
      }),
      /undone/,
    );
    await append();
    assert.deepEqual(await trail(), []);
  });

  it("the program can append to the trail but not change it", async () => {
    await tell(1);
    await append();
    const program = openDatabase(test.connection, 1, () => undefined, PROGRAM_ROLE);
    try {
      for (const statement of [
        "update audit_entry set actor = 'x'",
        "delete from audit_entry",
        "truncate audit_entry",
      ])
        await assert.rejects(program.pool.query(statement), { code: "42501" }, statement);
    } finally {
      await program.close();
    }
  });

  it("changes by the table's owner are detected", async () => {
    await tell(6);
    await append();
    const [head] = (await selectAuditHeads(test.database.kysely)).filter(
      (one) => one.merchant_id === merchantId,
    );
    const found = async (statement: string, signed = head ? [head] : []) => {
      await test.database.pool.query("begin; create temp table kept as select * from audit_entry; commit");
      await test.database.pool.query(statement);
      const breaches = (await auditBreaches(test.database.kysely, signed))
        .filter(({ subject }) => subject === merchantId)
        .map(({ detail }) => detail);
      await test.database.pool.query(
        "begin; delete from audit_entry; insert into audit_entry select * from kept; drop table kept; commit",
      );
      return breaches.join("; ").replaceAll(/[0-9a-f]{64}/g, "HASH");
    };
    const single = openDatabase(test.connection, 1, () => undefined);
    const several = test.database;
    test = { ...test, database: single };
    try {
      const mine = `merchant_id = '${merchantId}'`;
      assert.equal(
        await found(`update audit_entry set address = '198.51.100.9' where ${mine} and seq = 3`),
        "entry 3 is not as it was written",
      );
      assert.equal(await found(`delete from audit_entry where ${mine} and seq = 3`), "entry 3 is missing");
      assert.equal(
        await found(`update audit_entry set hash = previous_hash where ${mine} and seq = 2`),
        "entry 2 is not as it was written",
      );
      assert.equal(
        await found(`delete from audit_entry where ${mine} and seq > 4`),
        "entry 6: signed as HASH, now gone",
      );
      assert.equal(await found("select"), "");
    } finally {
      test = { ...test, database: several };
      await single.close();
    }
  });

  it("only named fields are recorded, with personal data masked (fault 36)", async () => {
    const canaries = [
      "KANARI-RAHASIA",
      "+6281277770001",
      "kanari@contoh.id",
      "Kanari Pribadi",
      "0812-7777-0001",
    ];
    const [secret, phone, email, name, spoken] = canaries as [string, string, string, string, string];
    await inTransaction(test.database, async (tx) => {
      const fields = {
        name: `Kopi ${email}`,
        phone,
        email,
        username: name,
        pin: secret,
        token: secret,
        note: secret,
        receipt_footer: `Hubungi ${spoken}, ya`,
        address: phone,
      };
      await announceAudit(tx, who, { action: "user.profile_changed", subject: newId(), after: fields });
      await announceAudit(tx, who, {
        action: "outlet.changed",
        subject: newId(),
        before: fields,
        after: fields,
      });
      await announceAudit(tx, who, { action: "product.changed", subject: newId(), before: fields });
      await announceAudit(tx, who, {
        action: "staff.signed_in",
        subject: newId(),
        after: { role: "cashier", ...fields },
      });
    });
    await append();
    const { rows } = await test.database.pool.query<{ text: string }>(
      `select row_to_json(a)::text as text
          from audit_entry a
         where merchant_id = $1 union all select payload::text
          from outbox_event
         where merchant_id = $1`,
      [merchantId],
    );
    assert.equal(rows.length, 8);
    for (const { text } of rows)
      for (const canary of canaries) assert.ok(!text.includes(canary), `${canary} stands in ${text}`);
    const [registered] = await trail();
    assert.deepEqual(registered?.after, { email: "k•••@contoh.id", phone: "+62•••0001", username: "K•••" });
  });

  it("every text and number keeps its hash through the database", async () => {
    await inTransaction(test.database, async (tx) => {
      for (const name of ["\0", "\ud800", 'é\u2028\u0007"\\/', "𝒳".repeat(300), ""])
        await announceAudit(tx, who, {
          action: "key.made",
          subject: name,
          after: { name, scopes: [name], mode: null, prefix: 2 ** 53, expires_at: -0 },
        });
    });
    await append();
    assert.equal((await trail()).length, 5);
    assert.deepEqual(await auditBreaches(test.database.kysely), []);
  });

  describe("refusals", () => {
    it("the first refusal is written at once, its repeats within a minute as one entry", async () => {
      let now = 0;
      const refusals = createRefusals(test.database, createLog("silent"), () => now);
      for (let i = 0; i < 1_000; i++)
        refusals.note(who, "right.refused", "GET /api/v1/books", {
          right: "books.read",
          reason: "forbidden",
        });
      refusals.note({ ...who, address: "203.0.113.8" }, "right.refused", "GET /api/v1/books", {
        right: "books.read",
        reason: "forbidden",
      });
      await until(
        async () => (await append(), await trail()),
        (entries) => entries.length === 2,
      );
      now = 60_000;
      await until(
        async () => (await append(), await trail()),
        (entries) => entries.length === 3,
      );
      assert.deepEqual(
        (await trail()).map(({ count, address }) => [count, address]),
        [
          [1, "203.0.113.7"],
          [1, "203.0.113.8"],
          [999, "203.0.113.7"],
        ],
      );
      await refusals.stop();
    });

    it("beyond a maximum of different refusals only their action and count are written", async () => {
      const refusals = createRefusals(test.database, createLog("silent"));
      for (let i = 0; i < 5_000; i++)
        refusals.note({ ...who, address: `2001:db8::${i.toString(16)}` }, "staff.sign_in_refused", "x", {
          reason: "pin_wrong",
        });
      await refusals.stop();
      await append();
      const entries = await trail();
      assert.equal(entries.length, MAX_DISTINCT + 2);
      assert.equal(
        entries.reduce((sum, { count }) => sum + count, 0),
        5_000,
      );
      assert.deepEqual([entries.at(-1)?.actor, entries.at(-1)?.subject], ["various", "various"]);
    });
  });

  describe("an export", () => {
    const folder = mkdtempSync(join(tmpdir(), "onegate-audit-"));
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    after(() => rmSync(folder, { recursive: true, force: true }));

    const write = (name: string, text: string) => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    const pem = write("key.pem", publicKey.export({ type: "spki", format: "pem" }).toString());
    const exported = async (from?: number, to?: number, key = privateKey) => {
      let text = "";
      for await (const lines of exportLines(
        test.database.kysely,
        merchantId,
        await partOf(test.database.kysely, merchantId, from, to),
        (statement) => signText(statement, key),
      ))
        text += lines;
      return text;
    };
    const verify = (...given: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [VERIFIER, ...given], {
        encoding: "utf8",
      });
      return `${status} ${status === 0 ? stdout : stderr}`.trim();
    };
    /** The verifier's output for tampered lines, without the hashes. */
    const verified = (lines: readonly string[], ...given: string[]) =>
      verify(write("tampered.jsonl", `${lines.join("\n")}\n`), ...given).replaceAll(/[0-9a-f]{64}/g, "HASH");
    const again = (line: string, change: Partial<AuditEntry>) => {
      const entry = { ...(JSON.parse(line) as AuditEntry), ...change };
      return canonical({ ...entry, hash: hashOf(entry) });
    };

    it("an export verifies on its own, in parts, and against an earlier head", async () => {
      await tell(3);
      await append();
      const first = write("first.jsonl", await exported());
      await tell(4);
      await append();
      const all = write("all.jsonl", await exported());
      assert.match(
        verify(all),
        /^0 The trail holds: merchant .*, entries 1 to 7, head [0-9a-f]{64}; signed, by whom was not asked/,
      );
      assert.match(verify(all, "--key", pem), /^0 .*signed by the given key/);
      assert.match(verify(all, "--key", pem, "--after", first), /^0 .*it goes on from what was kept/);
      const part = write("part.jsonl", await exported(4, 6));
      assert.match(verify(part, "--after", first), /^0 .*entries 4 to 6.*it goes on/);
      assert.match(
        verify(write("late.jsonl", await exported(6)), "--after", first),
        /^1 BROKEN {2}the file does not reach entry 3, which was kept/,
      );
      assert.match(verify(first, "--after", all), /^1 BROKEN {2}the file does not reach entry 7/);
      const hash = (await trail())[4]?.hash ?? "";
      assert.match(verify(all, "--after", hash), /^0 /);
      assert.match(verify(first, "--after", hash), /^1 BROKEN {2}no entry has the hash/);
      const heads = write(
        "heads.json",
        JSON.stringify(
          signText(
            JSON.stringify({
              day: "2026-01-01",
              heads: [],
              audit: await selectAuditHeads(test.database.kysely),
            }),
            privateKey,
          ),
        ),
      );
      assert.match(verify(all, "--after", heads, "--key", heads), /^0 /);
      assert.match(verify(write("empty.jsonl", await exported(9))), /^0 .*entries 8 to 7/);
    });

    it("an export of an empty trail verifies", async () => {
      assert.match(verify(write("none.jsonl", await exported())), /^0 .*entries 1 to 0/);
    });

    it("a tampered export is refused at the first bad line", async () => {
      await tell(5);
      await append();
      const [header = "", ...entries] = (await exported()).trimEnd().split("\n");
      const [a = "", b = "", c = "", d = "", e = ""] = entries;
      assert.equal(
        verified([header, a, b.replace("203.0.113.7", "203.0.113.9"), c, d, e]),
        "1 BROKEN  line 3: has a hash that is not its content's",
      );
      assert.equal(
        verified([header, a, again(b, { actor: "x" }), c, d, e]),
        "1 BROKEN  line 4: does not stand on entry 2",
      );
      assert.equal(verified([header, a, c, d, e]), "1 BROKEN  line 3: is entry 3 where entry 2 belongs");
      assert.equal(verified([header, a, c, b, d, e]), "1 BROKEN  line 3: is entry 3 where entry 2 belongs");
      assert.equal(
        verified([header, a, b, b, c, d, e]),
        "1 BROKEN  line 4: is entry 2 where entry 3 belongs",
      );
      assert.equal(
        verified([header, a, b, c]),
        "1 BROKEN  line 5: is missing: the file ends at entry 3, the header says 5",
      );
      assert.equal(verified([header, a, b, c, d, e.slice(0, -9)]), "1 BROKEN  line 6: is not JSON");
      assert.equal(
        verified([
          header,
          a,
          b,
          c,
          d,
          e,
          again(e, { seq: 6, previous_hash: (JSON.parse(e) as AuditEntry).hash }),
        ]),
        "1 BROKEN  line 7: stands behind entry 5, the last by the header",
      );
      assert.equal(
        verified([header, a, b, c, d, again(e, { count: 2 })]),
        "1 BROKEN  line 7: is missing: the chain ends in HASH, the header says HASH",
      );
      assert.equal(
        verified([header, a.replace('"count":1', '"count":1,"count":1')]),
        "1 BROKEN  line 2: is not in canonical form (RFC 8785)",
      );
      assert.equal(verified([header, `${a}\r`]), "1 BROKEN  line 2: is not in canonical form (RFC 8785)");
      assert.match(
        verified([header, a.replace('"actor":', '"actors":')]),
        /^1 BROKEN {2}line 2: has not exactly the fields/,
      );
      assert.equal(
        verified([header, again(a, { merchant_id: newId() })]),
        "1 BROKEN  line 2: is another merchant's",
      );
      assert.match(verified([a, b]), /^1 BROKEN {2}line 1: has not exactly the fields/);
      assert.equal(
        verified([header.replace('"to_seq":5', '"to_seq":4'), a, b, c, d]),
        "1 BROKEN  line 1: says something else than what was signed",
      );
      const { signed: _, ...unsigned } = JSON.parse(header) as Record<string, unknown>;
      assert.match(verified([canonical({ ...unsigned, signed: null }), ...entries]), /^0 .*; not signed\.$/);
      assert.equal(
        verified([canonical({ ...unsigned, signed: null }), ...entries], "--key", pem),
        "1 BROKEN  line 1: is not signed",
      );
      const other = generateKeyPairSync("ed25519").privateKey;
      assert.equal(
        verified((await exported(1, 5, other)).trimEnd().split("\n"), "--key", pem),
        "1 BROKEN  line 1: was signed by another key",
      );
      const { statement, public_key } = signText(canonical(unsigned), privateKey);
      assert.equal(
        verified([
          canonical({
            ...unsigned,
            signed: { statement, public_key, signature: signText("x", privateKey).signature },
          }),
          ...entries,
        ]),
        "1 BROKEN  line 1: has a signature that does not fit",
      );
    });

    it("a wholly rewritten export is detected by an earlier head", async () => {
      await tell(3);
      await append();
      const text = await exported();
      const [header = "", a = "", ...rest] = text.trimEnd().split("\n");
      const lines: string[] = [];
      let previous_hash = NO_HASH;
      for (const line of [again(a, { actor: "nobody" }), ...rest]) {
        lines.push(again(line, { previous_hash }));
        previous_hash = (JSON.parse(lines.at(-1) ?? "") as AuditEntry).hash;
      }
      const { signed: _, ...before } = JSON.parse(header) as Record<string, unknown>;
      const said0 = { ...before, head: previous_hash };
      const forged = [canonical({ ...said0, signed: signText(canonical(said0), privateKey) }), ...lines];
      assert.match(verified(forged, "--key", pem), /^0 /);
      assert.equal(
        verified(forged, "--after", write("kept.jsonl", text)),
        "1 BROKEN  line 4: entry 3 was kept as HASH, here it is HASH",
      );
    });
  });
});

describe("the trail's routes", () => {
  let program: TestProgram;
  let owner: string;
  const folder = mkdtempSync(join(tmpdir(), "onegate-seal-"));
  const sealKey = join(folder, "seal.pem");
  before(async () => {
    program = await openTestProgram({ environment: { ONEGATE_ANONYMOUS: "off", ONEGATE_SEAL_KEY: sealKey } });
    owner = await program.unlock("Ratna", "333333");
  });
  after(async () => {
    await program.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const page = async (query = "", token = owner) =>
    (await program.call<AuditPageBody>("GET", `/api/v1/audit${query}`, { token })).body;
  const wait = (query: string, fits: (body: AuditPageBody) => boolean) => until(() => page(query), fits);

  it("creating, misusing and revoking a key is audited, with actor, action and origin", async () => {
    const { body: key } = await program.call<KeyWithSecretBody>("POST", "/api/v1/keys", {
      token: owner,
      body: { name: "Toko daring", scopes: ["payments.read"] },
    });
    const refused = await program.call("GET", "/balance/ACC_001", { token: key.key });
    assert.equal(refused.code, "scope_missing");
    await program.call("POST", `/api/v1/keys/${key.id}/revoke`, { token: owner });
    const made = (await wait("?action=key.made", ({ entries }) => entries.length === 1)).entries[0];
    assert.deepEqual(
      [made?.subject, made?.actor_name, made?.address, made?.after],
      [
        key.id,
        "Ratna",
        "127.0.0.1",
        {
          expires_at: null,
          mode: "test",
          name: "Toko daring",
          prefix: key.prefix,
          scopes: ["payments.read"],
        },
      ],
    );
    const outOf = (
      await wait("?action=key.out_of_scope", ({ entries }) =>
        entries.some(({ subject }) => subject === "GET /balance/:account"),
      )
    ).entries;
    assert.ok(outOf.every(({ actor }) => actor === `key:${key.id}`));
    await wait(
      `?subject=${key.id}`,
      ({ entries }) => entries.map(({ action }) => action).join() === "key.revoked,key.made",
    );
  });

  it("sign-ins and refusals of staff and users are audited, masked and counted", async () => {
    const cashier = await program.unlock("Sari", "111111");
    const shop = (await program.call<ShopBody>("GET", "/api/v1/till/shop")).body;
    const sari = shop.staff.find(({ name }) => name === "Sari")?.id ?? "";
    for (let i = 0; i < 3; i++)
      assert.equal((await program.call("GET", "/api/v1/audit", { token: cashier })).code, "forbidden");
    await program.call("POST", "/api/auth/login", {
      body: { username: "andi.contoh", password: "Salah-sekali-77" },
    });
    await program.call("POST", "/api/auth/login", {
      body: { username: "tiada.siapa", password: "Salah-sekali-77" },
    });
    const { status } = await program.call("POST", "/api/auth/login", {
      body: { username: "andi.contoh", password: "rahasia-demo" },
    });
    assert.equal(status, 200);
    const [signedIn] = (
      await wait(`?action=staff.signed_in&actor=${sari}`, ({ entries }) => entries.length === 1)
    ).entries;
    assert.ok(
      signedIn?.device_id &&
        signedIn.outlet_id === shop.outlet.id &&
        signedIn.address === "127.0.0.1" &&
        signedIn.request_id,
    );
    const [refused] = (
      await wait(`?action=right.refused&actor=${sari}`, ({ entries }) => entries.length === 1)
    ).entries;
    assert.deepEqual(
      [refused?.subject, refused?.after],
      ["GET /api/v1/audit", { right: "audit.read", reason: "forbidden" }],
    );
    const wrong = (await wait("?action=user.sign_in_refused", ({ entries }) => entries.length === 2)).entries;
    assert.equal(wrong.filter(({ subject }) => subject === "unknown").length, 1);
    const [user] = (await wait("?action=user.signed_in", ({ entries }) => entries.length === 1)).entries;
    assert.deepEqual([user?.actor, user?.after], [user?.subject, { totp: false }]);
  });

  it("approvals, price changes, voids and outlet settings are audited with previous values", async () => {
    const cashier = await program.unlock("Sari", "111111");
    const manager = await program.unlock("Bima", "222222");
    const shop = (await program.call<ShopBody>("GET", "/api/v1/till/shop")).body;
    const idOf = (name: string) => shop.staff.find((one) => one.name === name)?.id ?? "";
    const catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier }))
      .body;
    const latte = catalogue.products.find(({ name }) => name === "Latte");
    const price = { amount: "29000", currency: "IDR" };
    const ask = (pin: string) =>
      program.call<{ id: string }>("POST", "/api/v1/till/approvals", {
        token: cashier,
        body: { action: "price.change", subject: latte?.id, approver_id: idOf("Bima"), pin, amount: price },
      });
    assert.equal((await ask("999999")).code, "pin_wrong");
    const { body: approval } = await ask("222222");
    assert.equal(
      (
        await program.call("PUT", `/api/v1/till/products/${latte?.id}/price`, {
          token: cashier,
          body: { price },
          headers: { "onegate-approval": approval.id },
        })
      ).status,
      200,
    );
    const sale = await sell(program, cashier, newSale(catalogue, ["Espresso"], "exact"));
    assert.equal(
      (
        await program.call("POST", `/api/v1/till/sales/${sale.body.id}/void`, {
          token: manager,
          body: { id: newId(), reason: "salah pesan oleh Ibu Kanari" },
        })
      ).status,
      201,
    );
    assert.equal(
      (
        await program.call("PATCH", `/api/v1/outlets/${shop.outlet.id}`, {
          token: owner,
          body: { phone: "+62 812 7777 0001" },
        })
      ).status,
      200,
    );

    const of = async (action: string) =>
      (await wait(`?action=${action}`, ({ entries }) => entries.length > 0)).entries[0];
    assert.deepEqual((await of("approval.refused"))?.after, { right: "price.change", reason: "pin_wrong" });
    const given = await of("approval.given");
    assert.deepEqual(
      [given?.actor, given?.after],
      [
        idOf("Bima"),
        {
          amount: "29000.00",
          approval_id: approval.id,
          asked_by: idOf("Sari"),
          currency: "IDR",
          right: "price.change",
        },
      ],
    );
    const changed = await of("price.changed");
    assert.deepEqual(
      [changed?.actor, changed?.before, changed?.after],
      [
        idOf("Sari"),
        { currency: "IDR", price: latte?.price.amount },
        { approved_by: idOf("Bima"), currency: "IDR", price: "29000.00" },
      ],
    );
    assert.equal((await of("sale.voided"))?.after?.["amount"], sale.body.total.amount);
    assert.equal((await of("outlet.changed"))?.after?.["phone"], "+62•••0001");
    const { rows } = await program.database.pool.query<{ text: string }>(
      "select row_to_json(a)::text as text from audit_entry a",
    );
    for (const { text } of rows)
      for (const canary of ["Kanari", "7777", "222222", "999999", "Salah-sekali", "andi.contoh"])
        assert.ok(!text.includes(canary), `${canary} in ${text}`);
  });

  it("the trail is paged by number; a manager sees only their own outlet's and can't export", async () => {
    const all = (await page("?limit=200")).entries;
    const seen: number[] = [];
    for (let before: number | null = null; ; ) {
      const { entries, next }: AuditPageBody = await page(
        `?limit=3${before === null ? "" : `&before=${before}`}`,
      );
      seen.push(...entries.map(({ seq }) => seq));
      if (next === null) break;
      before = next;
    }
    assert.deepEqual(
      seen.filter((seq) => seq <= (all[0]?.seq ?? 0)),
      all.map(({ seq }) => seq),
    );
    const manager = await program.unlock("Bima", "222222");
    const { entries } = await page("?limit=200", manager);
    assert.ok(
      entries.length > 0 &&
        entries.length < all.length &&
        entries.every(({ outlet_id: outlet }) => outlet !== null),
    );
    assert.equal((await program.call("GET", "/api/v1/audit/export", { token: manager })).code, "forbidden");
    for (const bad of ["?limit=0", "?limit=201", "?before=0", "?before=x", "?action=A", "?actor="])
      assert.equal(
        (await program.call("GET", `/api/v1/audit${bad}`, { token: owner })).code,
        "request_invalid",
        bad,
      );
  });

  it("an HTTP export verifies with the program's key, and the proof checks the trail", async () => {
    const headers = bearing(owner);
    const response = await fetch(`${program.url}/api/v1/audit/export`, { headers });
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/x-ndjson"]);
    const folder = mkdtempSync(join(tmpdir(), "onegate-export-"));
    const [file, heads] = [join(folder, "audit.jsonl"), join(folder, "heads.json")];
    writeFileSync(file, await response.text());
    writeFileSync(heads, JSON.stringify(signText("{}", readSealKey(sealKey))));
    const verified = spawnSync(process.execPath, [VERIFIER, file, "--key", heads], { encoding: "utf8" });
    rmSync(folder, { recursive: true, force: true });
    assert.equal(verified.status, 0, verified.stderr);
    assert.match(verified.stdout, /signed by the given key/);
    await wait("?action=audit.exported", ({ entries }) => entries.length === 1);
    assert.deepEqual((await proveBooks(program.database)).breaches, []);
    await program.database.pool.query("update audit_entry set actor = 'x' where seq = 1");
    assert.deepEqual(
      (await proveBooks(program.database)).breaches.map(({ rule, detail }) => [rule, detail]),
      [["audit trail is whole", "entry 1 is not as it was written"]],
    );
  });
});
