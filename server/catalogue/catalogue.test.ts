import {
  isGtin,
  isRefusal,
  newId,
  type CatalogueBody,
  type PriceChangeBody,
  type ProductBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { inTransaction, readMigrations } from "../kernel/index.ts";
import { MIGRATIONS } from "../schema.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { importProducts } from "./index.ts";
import type { ProductRow } from "./product.ts";

let program: TestProgram;
let cashier: string;
let manager: string;
before(async () => {
  program = await openTestProgram();
  manager = await program.unlock("Bima", "222222");
  cashier = await program.unlock("Sari", "111111");
});
after(() => program.close());

const rupiah = (amount: string) => ({ amount, currency: "IDR" });
const catalogue = async () =>
  (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;

describe("importing products", () => {
  /** In a transaction, as a verb does: a refusal leaves nothing behind. */
  const load = async (rows: ProductRow[]) => {
    const refused = new Error("refused");
    let answer: Awaited<ReturnType<typeof importProducts>> | undefined;
    await inTransaction(program.database, async (tx) => {
      answer = await importProducts(tx, DEMO_MERCHANT, rows);
      if (isRefusal(answer)) throw refused;
    }).catch((error: unknown) => assert.equal(error, refused));
    assert.ok(answer);
    return answer;
  };

  it("adds all rows, with their categories", async () => {
    const before = (await catalogue()).categories.length;
    const ids = await load([
      {
        name: "  Sabun   Mandi ",
        price: rupiah("4500"),
        category: "Kebutuhan Rumah",
        barcode: "8991002101104",
      },
      { name: "Gula 1 kg", price: rupiah("17000"), category: "kebutuhan rumah" },
      { name: "Permen", price: rupiah("500") },
    ]);
    assert.ok(Array.isArray(ids));
    const { products, categories } = await catalogue();
    assert.equal(categories.length, before + 2);
    assert.deepEqual(
      ids.map((id) => products.find((product) => product.id === id)?.name),
      ["Sabun Mandi", "Gula 1 kg", "Permen"],
    );
    assert.deepEqual(
      categories.slice(-2).map(({ name }) => name),
      ["Kebutuhan Rumah", "Umum"],
    );
  });

  it("refuses a row by its number, and adds none", async () => {
    const good: ProductRow = { name: "Kecap", price: rupiah("9000") };
    const cases: Array<[ProductRow[], string, number]> = [
      [[good, { name: "KECAP", price: rupiah("1") }], "product_name_taken", 2],
      [[good, { name: "kopi susu", price: rupiah("1") }], "product_name_taken", 2],
      [
        [
          { ...good, barcode: "4006381333931" },
          { name: "Saus", price: rupiah("1"), barcode: "4006381333931" },
        ],
        "barcode_taken",
        2,
      ],
      [[{ ...good, barcode: "8991002101104" }], "barcode_taken", 1],
      [[{ ...good, barcode: "8991002101105" }], "barcode_invalid", 1],
      [[good, { name: " \t", price: rupiah("1") }], "product_name_invalid", 2],
      [[{ ...good, category: "x".repeat(61) }], "category_name_invalid", 1],
      [[{ ...good, price: rupiah("-1") }], "amount_not_positive", 1],
      [[{ ...good, price: rupiah("1,5") }], "amount_malformed", 1],
    ];
    for (const [rows, code, row] of cases)
      assert.deepEqual(
        await load(rows).then((answer) => isRefusal(answer) && [answer.refusal, answer.params?.["row"]]),
        [code, row],
        code,
      );
    assert.equal(
      (await catalogue()).products.some(({ name }) => name === "Kecap"),
      false,
    );
  });

  it("gives a name to only one of two concurrent imports", async () => {
    const answers = await Promise.all([
      load([{ name: "Teh Celup", price: rupiah("7000") }]),
      load([{ name: "teh celup", price: rupiah("8000") }]),
    ]);
    assert.equal(answers.filter((answer) => isRefusal(answer)).length, 1);
  });

  it("knows barcodes of every length by their check digit", () => {
    assert.deepEqual(
      ["96385074", "036000291452", "4006381333931", "10012345678902", "4006381333932", "123", ""].map(isGtin),
      [true, true, true, true, false, false, false],
    );
  });
});

describe("a product", () => {
  const add = (body: unknown, key = newId(), token = manager) =>
    program.call<ProductBody>("POST", "/api/v1/products", {
      token,
      body,
      headers: { "idempotency-key": key },
    });
  const change = (id: string, body: unknown, token = manager) =>
    program.call<ProductBody>("PATCH", `/api/v1/products/${id}`, { token, body });

  it("is added once per key, and only with the right to", async () => {
    const key = newId();
    const body = { name: "Keripik Singkong", price: rupiah("8500"), category: "Camilan", favourite: true };
    const first = await add(body, key);
    assert.deepEqual([first.status, first.body.price.amount, first.body.favourite], [201, "8500.00", true]);
    const again = await add(body, key);
    assert.deepEqual([again.body.id, again.headers.get("idempotent-replayed")], [first.body.id, "true"]);
    assert.equal((await add(body)).code, "product_name_taken");
    assert.equal((await add({ ...body, name: "Lain" }, newId(), cashier)).code, "forbidden");
  });

  it("keeps its former prices, with who changed them", async () => {
    const { body: product } = await add({
      name: "Teh Kotak",
      price: rupiah("5000"),
      barcode: "4006381333931",
    });
    assert.equal(
      (await change(product.id, { price: rupiah("5500"), name: "Teh Kotak 200 ml", barcode: null })).body
        .price.amount,
      "5500.00",
    );
    assert.equal(
      (await change(product.id, { price: rupiah("5500.00") })).status,
      200,
      "the same price is accepted and changes nothing",
    );
    assert.equal((await change(product.id, { price: rupiah("6000") })).status, 200);
    const { body } = await program.call<{ changes: PriceChangeBody[] }>(
      "GET",
      `/api/v1/products/${product.id}/prices`,
      { token: manager },
    );
    assert.deepEqual(
      body.changes.map(({ before, after, approved_by }) => [before.amount, after.amount, approved_by]),
      [
        ["5500.00", "6000.00", null],
        ["5000.00", "5500.00", null],
      ],
    );
  });

  it("has one barcode, in whatever form it is written", async () => {
    const { body: product } = await add({
      name: "Sabun impor",
      price: rupiah("9000"),
      barcode: "0-12345-67890-5",
    });
    assert.equal(product.barcode, "0012345678905");
    for (const barcode of ["012345678905", "0012345678905", "00012345678905"]) {
      assert.equal(
        (await add({ name: `Lain ${barcode}`, price: rupiah("1"), barcode })).code,
        "barcode_taken",
        barcode,
      );
      assert.equal(
        (await change(product.id, { barcode })).body.barcode,
        "0012345678905",
        "its own barcode in another form is accepted",
      );
    }
    const { body: other } = await add({ name: "Sampo impor", price: rupiah("9000") });
    assert.equal((await change(other.id, { barcode: "012345678905" })).code, "barcode_taken");
  });

  it("has its old barcode in canonical form after the migration, and none loses its barcode", async () => {
    const { pool } = program.database;
    const made = await Promise.all(
      ["A", "B", "C", "D"].map(
        async (name) => (await add({ name: `Lama ${name}`, price: rupiah("1000") })).body.id,
      ),
    );
    // one GTIN twice, the second on a product no longer sold; one that is canonical already; and one that is
    // no GTIN
    const before = ["036000291452", "00036000291452", "96385074", "12345"];
    for (const [index, id] of made.entries())
      await pool.query("update product set barcode = $2, is_active = $3 where product_id = $1", [
        id,
        before[index],
        index !== 1,
      ]);
    const migration =
      readMigrations(MIGRATIONS).find(({ description }) => description === "barcodes in one form and mdr") ??
      assert.fail("no such migration");
    await pool.query(migration.sql);
    const { rows } = await pool.query<{ product_id: string; barcode: string }>(
      "select product_id, barcode from product where product_id = any ($1::uuid[])",
      [made],
    );
    assert.deepEqual(
      made.map((id) => rows.find((row) => row.product_id === id)?.barcode),
      ["0036000291452", "00036000291452", "96385074", "12345"],
    );
    assert.equal(
      (await add({ name: "Baru", price: rupiah("1"), barcode: "036000291452" })).code,
      "barcode_taken",
    );
  });

  it("frees its name when it is no longer sold", async () => {
    const { body: product } = await add({ name: "Wafer", price: rupiah("2000") });
    assert.equal((await change(product.id, { active: false })).body.active, false);
    assert.equal(
      (await catalogue()).products.some(({ id }) => id === product.id),
      false,
    );
    assert.equal((await add({ name: "wafer", price: rupiah("2500") })).status, 201);
    assert.equal((await change(product.id, { active: true })).code, "product_name_taken");
  });

  it("refuses invalid changes", async () => {
    const { body: product } = await add({ name: "Biskuit", price: rupiah("3000") });
    const cases: Array<[unknown, string]> = [
      [{ name: "KOPI SUSU" }, "product_name_taken"],
      [{ name: " " }, "product_name_invalid"],
      [{ price: rupiah("-1") }, "amount_not_positive"],
      [{ price: { amount: "1", currency: "USD" } }, "currency_unsupported"],
      [{ barcode: "123" }, "barcode_invalid"],
      [{ category: "" }, "category_name_invalid"],
      [{}, "request_invalid"],
    ];
    for (const [body, code] of cases) assert.equal((await change(product.id, body)).code, code);
    assert.equal((await change(newId(), { name: "Tidak ada" })).code, "product_unknown");
    assert.equal((await change(product.id, { name: "Biskuit lain" }, cashier)).code, "forbidden");
  });
});
