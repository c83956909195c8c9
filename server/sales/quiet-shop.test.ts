import { newId, type CatalogueBody, type SaleBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";

let program: TestProgram;
let cashier: string;
let manager: string;
let catalogue: CatalogueBody;
before(async () => {
  program = await openTestProgram();
  cashier = await program.unlock("Sari", "111111");
  manager = await program.unlock("Bima", "222222");
  catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
});
// fails if any transactions deadlocked
after(() => program.close());

async function cashSale(names: string[]): Promise<SaleBody> {
  const { status, body } = await sell(program, cashier, newSale(catalogue, names, "exact"));
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

async function qrisSale(names: string[]): Promise<void> {
  const opened = await sell(program, cashier, newSale(catalogue, names, "QRIS"));
  assert.equal(opened.status, 201, JSON.stringify(opened.body));
  await program.lever("POST", `transactions/${opened.body.tenders[0]?.reference}/pay`, {});
  const read = () =>
    program.call<SaleBody>("GET", `/api/v1/till/sales/${opened.body.id}`, { token: cashier });
  await until(
    async () => (await read()).body,
    ({ state }) => state === "paid",
  );
}

async function giveBack(sale: SaleBody, how: "refund" | "void"): Promise<void> {
  const body = { id: newId(), reason: "salah pesan", ...(how === "refund" ? { restock: true } : {}) };
  const path = `/api/v1/till/sales/${sale.id}/${how}`;
  const answer = await program.call("POST", path, { token: manager, body });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
}

describe("a small shop whose tables were analysed while it was quiet", () => {
  it("concurrent cash and QRIS sales, refunds and voids don't deadlock", async () => {
    for (const name of ["Latte", "Roti Bakar"]) await cashSale([name]);
    await qrisSale(["Latte"]);
    await program.database.pool.query("analyze");
    // the order of lines differs between tills, so stock levels are locked in different orders
    const baskets = [
      ["Latte", "Roti Bakar"],
      ["Roti Bakar", "Latte"],
    ];
    const tills = [
      ...baskets.map((basket) => async () => void (await cashSale(basket))),
      ...baskets.map((basket) => () => qrisSale(basket)),
      async () => giveBack(await cashSale(["Latte"]), "refund"),
      async () => giveBack(await cashSale(["Roti Bakar", "Latte"]), "void"),
    ];
    await Promise.all(
      tills.map(async (work) => {
        for (let round = 0; round < 12; round++) await work();
      }),
    );
    await program.assertBooksHold();
  });
});
