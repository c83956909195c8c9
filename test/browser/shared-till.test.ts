import { newId, type CatalogueBody, type SaleBody, type TodayBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../../server/demo/index.ts";
import { inTransaction } from "../../server/kernel/index.ts";
import { moveStock } from "../../server/stock/index.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { launchChromium, openPhone, picture, press } from "./phone.ts";

const MINUTE = 60_000;

let program: TestProgram;
let browser: Browser;
let owner: string;
let cashier: string;

before(async () => {
  program = await openTestProgram({ till: TILL });
  owner = await program.unlock("Ratna", "333333");
  cashier = await program.unlock("Sari", "111111");
  browser = await launchChromium();
});
after(async () => {
  await browser.close();
  await program.close();
});

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name }).and(page.locator(":visible")).first();
const sales = async () =>
  (await program.call<{ sales: SaleBody[] }>("GET", "/api/v1/till/sales?limit=100", { token: cashier })).body
    .sales;
const catalogue = async () =>
  (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body.products;

async function openTab(context: BrowserContext, name = "Sari", pin = "111111"): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(program.url);
  await button(page, name).click();
  await press(page, pin);
  await page
    .getByRole("navigation")
    .or(page.getByRole("heading", { name: "Bayar" }))
    .first()
    .waitFor();
  return page;
}

/**
 * Two tabs of one browser with a Latte in the cart. They belong to two people, because a person has only one
 * session on a device.
 */
async function openTabs(): Promise<[Page, Page]> {
  const phone = await openPhone(browser);
  const context = phone.context();
  await phone.close();
  const one = await openTab(context);
  await button(one, /^Latte/).click();
  const other = await openTab(context, "Bima", "222222");
  await other
    .getByText(/28\.000/)
    .first()
    .waitFor();
  return [one, other];
}

const inBoth = (tabs: readonly Page[], act: (page: Page) => Promise<unknown>) => Promise.all(tabs.map(act));
const isPaid = (page: Page) => page.getByText("Lunas").first().waitFor();

describe("a till that is open in two tabs", () => {
  it("is one till: a cart sold in one tab is not sold again in the other", async () => {
    const before = (await sales()).length;
    const [one, other] = await openTabs();
    await button(other, /^Kopi Susu/).click();
    await button(one, /^Bayar/).click();
    await button(other, /Uang pas/).waitFor();
    await button(one, /Uang pas/).click();
    await inBoth([one, other], isPaid);
    await button(other, "Transaksi baru").click();
    await button(one, /^Latte/).waitFor();
    assert.equal(await button(one, /^Bayar/).count(), 0, "the cart is empty in both");
    const [sale, ...others] = await sales();
    assert.deepEqual([sale?.lines.map(({ name }) => name), others.length], [["Latte", "Kopi Susu"], before]);
    await one.context().close();
  });

  it("sells once when both tabs sell at the same moment", async () => {
    const before = (await sales()).length;
    for (let round = 1; round <= 3; round++) {
      const tabs = await openTabs();
      await inBoth(tabs, (page) =>
        page.evaluate(() => {
          for (const key of ["F9", "F10"])
            dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }),
      );
      await inBoth(tabs, isPaid);
      assert.equal((await sales()).length, before + round);
      await tabs[0].context().close();
    }
    await program.assertBooksHold();
  });

  it("shows the sale that was made when an uninformed tab sells the same cart with other cash", async () => {
    const [one, other] = await openTabs();
    await other.close();
    const before = (await sales()).length;
    // a second browser context with the same storage: it isn't notified of changes in the first
    const twin = await openPhone(browser, { storageState: await one.context().storageState() });
    const deaf = await openTab(twin.context());
    await button(one, /^Bayar/).click();
    await button(one, /Uang pas/).click();
    await isPaid(one);
    await button(deaf, /^Bayar/).click();
    await button(deaf, /100\.000/).click();
    await button(deaf, /^Terima/).click();
    await isPaid(deaf);
    await deaf.getByText(/sudah dijual di tab lain/).waitFor();
    assert.equal((await sales()).length, before + 1);
    await one.context().close();
    await twin.context().close();
    await program.assertBooksHold();
  });
});

describe("an open till", () => {
  it("receives a price that was changed elsewhere, and sells at that price", async () => {
    const page = await openTab((await openPhone(browser)).context());
    await button(page, /^Kopi Susu/).click();
    const kopi = (await catalogue()).find(({ name }) => name === "Kopi Susu");
    const price = { amount: "19500.00", currency: "IDR" };
    assert.notEqual(kopi?.price.amount, price.amount);
    const changed = await program.call("PATCH", `/api/v1/products/${kopi?.id}`, {
      token: owner,
      body: { price },
    });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    await page
      .getByText(/Harga sudah berubah/)
      .first()
      .waitFor();
    await button(page, /^Kopi Susu, Rp 19\.500/).waitFor();
    await button(page, /^Bayar/).click();
    await button(page, /Uang pas/).click();
    await isPaid(page);
    const [sale] = await sales();
    assert.deepEqual([sale?.lines[0]?.name, sale?.lines[0]?.unit_price], ["Kopi Susu", price]);
    await page.context().close();
  });

  it("counts a QR down by the server's clock, although its own is twenty minutes fast", async () => {
    const phone = await openPhone(browser);
    await phone.clock.install({ time: Date.now() + 20 * MINUTE });
    await phone.goto(program.url);
    await button(phone, "Sari").click();
    await press(phone, "111111");
    await button(phone, /^Latte/).click();
    await button(phone, /^Bayar/).click();
    await button(phone, /^QRIS$/).click();
    const [minutes = 0, seconds = 0] = (
      (await phone.getByRole("timer").innerText()).match(/[0-9]+/g) ?? []
    ).map(Number);
    const [sale] = await sales();
    const left = Date.parse(sale?.tenders[0]?.expires_at ?? "") - Date.now();
    assert.ok(
      Math.abs((minutes * 60 + seconds) * 1_000 - left) < MINUTE,
      `${minutes}:${seconds} of ${left} ms`,
    );
    await phone.context().close();
  });

  it("shows the owner which products were sold below zero", async () => {
    const [product] = await catalogue();
    assert.ok(product);
    await inTransaction(program.database, (tx) =>
      moveStock(tx, DEMO_MERCHANT, DEMO_OUTLET, newId(), [
        { movementId: newId(), productId: product.id, kind: "count", quantity: -19 - (product.stock ?? 0) },
      ]),
    );
    const { low_stock: low } = (
      await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: owner })
    ).body;
    assert.deepEqual(low[0], { product_id: product.id, name: product.name, stock: -19 });
    const page = await openPhone(browser);
    await page.goto(program.url);
    await button(page, "Ratna").click();
    await press(page, "333333");
    await button(page, "Hari ini").click();
    await page.getByText("Minus 19").scrollIntoViewIfNeeded();
    await page.getByText(/terjual lebih banyak/).waitFor();
    await picture(page, "below-zero");
    await page.context().close();
  });
});

describe("a part of the till that can't be loaded", () => {
  it("shows a message and a button to try again", async () => {
    const page = await openPhone(browser);
    await page.route(/assets\/Setup-.*\.js/, (route) => route.abort());
    await page.goto(program.url);
    await button(page, "Buat toko sendiri").click();
    await page.getByText(/perlu tersambung ke server/).waitFor();
    await page.unroute(/assets\/Setup-.*\.js/);
    await button(page, "Coba lagi").click();
    await page.getByText(/perlu tersambung ke server/).waitFor({ state: "detached" });
    await page.getByRole("heading").first().waitFor();
    await page.context().close();
  });
});
