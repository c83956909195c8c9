import { newId, type CatalogueBody, type SaleBody, type TodayBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../demo/index.ts";
import { inTransaction } from "../kernel/index.ts";
import { moveStock } from "../stock/index.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";

const PRINTED =
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";

let program: TestProgram;
let cashier: string;
let owner: string;
let catalogue: CatalogueBody;
before(async () => {
  program = await openTestProgram();
  cashier = await program.unlock("Sari", "111111");
  owner = await program.unlock("Ratna", "333333");
  catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
});
after(() => program.close());

const read = async (id: string) =>
  (await program.call<SaleBody>("GET", `/api/v1/till/sales/${id}`, { token: cashier })).body;
const ring = async (names: string[], tender: string) => {
  const { status, body } = await sell(program, cashier, newSale(catalogue, names, tender));
  assert.equal(status, 201, JSON.stringify(body));
  return body;
};

describe("a sale that is read", () => {
  it("a sale and its payments are read in one snapshot, even if it is paid meanwhile", async () => {
    const sale = await ring(["Latte"], "QRIS");
    const payment = sale.tenders[0]?.payment_id;
    const { pool } = program.database;
    const payer = await pool.connect();
    try {
      await payer.query("begin");
      // the read of the disputes, between the sale and its payments, waits for this lock
      await payer.query("lock table dispute in access exclusive mode");
      const requested = Promise.all([
        read(sale.id),
        program.call<{ sales: SaleBody[] }>("GET", "/api/v1/till/sales", { token: cashier }),
      ]);
      await until(
        async () =>
          (
            await pool.query<{ waiting: number }>(
              "select count(*)::int as waiting from pg_locks " +
                "where not granted and relation = 'dispute'::regclass",
            )
          ).rows[0]?.waiting,
        (waiting) => waiting === 2,
      );
      await payer.query("update payment set state = 'succeeded' where payment_id = $1", [payment]);
      await payer.query("update sale set state = 'paid' where sale_id = $1", [sale.id]);
      await payer.query("commit");
      const [one, list] = await requested;
      for (const shown of [one, list.body.sales.find(({ id }) => id === sale.id)])
        assert.deepEqual([shown?.state, shown?.tenders[0]?.state], ["waiting", "pending"]);
      const now = await read(sale.id);
      assert.deepEqual([now.state, now.tenders[0]?.state], ["paid", "succeeded"]);
    } finally {
      payer.release();
      await pool.query("update payment set state = 'pending' where payment_id = $1", [payment]);
      await pool.query("update sale set state = 'waiting' where sale_id = $1", [sale.id]);
    }
  });
});

describe("a sale whose order an operator cancels", () => {
  it("the sale is cancelled at once with its payment, and so is a sale without a payment", async () => {
    const sale = await ring(["Latte"], "QRIS");
    const cancel = ({ id } = sale) =>
      program.call("POST", `/api/v1/orders/${id}/cancel`, {
        token: owner,
        headers: { "idempotency-key": newId() },
      });
    assert.equal(
      (
        await program.call("PUT", `/api/v1/outlets/${DEMO_OUTLET}/static-qris`, {
          token: owner,
          body: { payload: PRINTED },
        })
      ).status,
      200,
    );
    const unseen = await ring(["Latte"], "QRIS_STATIC");
    assert.deepEqual([(await cancel()).status, (await cancel(unseen)).status], [200, 200]);
    assert.deepEqual([(await read(unseen.id)).state, unseen.tenders], ["cancelled", []]);
    const given = await read(sale.id);
    assert.deepEqual([given.state, given.tenders[0]?.state], ["cancelled", "cancelled"]);
    assert.equal((await cancel()).status, 200, "repeating it changes nothing");
    assert.equal(
      (
        await program.call("POST", `/api/v1/till/sales/${sale.id}/cancel`, {
          token: cashier,
          headers: { "idempotency-key": newId() },
        })
      ).code,
      "sale_not_waiting",
    );
  });
});

describe("the last item", () => {
  const count = (productId: string, quantity: number) =>
    inTransaction(program.database, (tx) =>
      moveStock(tx, DEMO_MERCHANT, DEMO_OUTLET, newId(), [
        { movementId: newId(), productId, kind: "count", quantity },
      ]),
    );
  const productOf = (name: string) =>
    catalogue.products.find((one) => one.name === name) ?? assert.fail(name);
  const today = async () =>
    (await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: owner })).body;

  it("twenty concurrent sales of the last item succeed; all but one show stock below zero", async () => {
    const product = productOf("Croissant");
    await count(product.id, 1 - (product.stock ?? 0));
    const sales = await Promise.all(Array.from({ length: 20 }, () => ring(["Croissant"], "exact")));
    assert.deepEqual(
      sales.flatMap(({ stock_below_zero: below }) => below.map(({ level }) => level)).sort((a, b) => b - a),
      Array.from({ length: 19 }, (_, index) => -1 - index),
    );
    const one = sales.find(({ stock_below_zero: below }) => below.length > 0);
    assert.deepEqual(
      one?.stock_below_zero.map(({ product_id, name }) => [product_id, name]),
      [[product.id, "Croissant"]],
    );
    assert.deepEqual(
      (await read(one?.id ?? "")).stock_below_zero,
      one?.stock_below_zero,
      "the sale shows the same later",
    );
    assert.deepEqual((await today()).low_stock[0], { product_id: product.id, name: "Croissant", stock: -19 });
  });

  it("a QRIS sale shows stock below zero once it is paid", async () => {
    const product = productOf("Donat");
    await count(product.id, -(product.stock ?? 0));
    const waiting = await ring(["Latte", "Donat"], "QRIS");
    assert.deepEqual(waiting.stock_below_zero, []);
    await program.lever("POST", `transactions/${waiting.tenders[0]?.reference}/pay`);
    const paid = await until(
      () => read(waiting.id),
      ({ state }) => state === "paid",
    );
    assert.deepEqual(paid.stock_below_zero, [{ product_id: product.id, name: "Donat", level: -1 }]);
  });

  it("a product that was never counted is never shown below zero", async () => {
    const added = await program.call<{ id: string }>("POST", "/api/v1/products", {
      token: owner,
      body: { name: "Air Kelapa", price: { amount: "9000", currency: "IDR" } },
      headers: { "idempotency-key": newId() },
    });
    assert.equal(added.status, 201);
    catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
    assert.deepEqual((await ring(["Air Kelapa"], "exact")).stock_below_zero, []);
    assert.equal(
      (await today()).low_stock.some(({ name }) => name === "Air Kelapa"),
      false,
    );
  });
});
