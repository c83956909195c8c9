import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import { balanceByCode } from "../../server/ledger/index.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { until } from "../../server/testing/until.ts";
import { scan } from "./phone.ts";

const PHONE = { width: 360, height: 640 };
/** The barcode of the demo's Roti Bakar, its 19th product. */
const ROTI_BAKAR = "8990000000198";

let program: TestProgram;
let browser: Browser;
let page: Page;

before(async () => {
  program = await openTestProgram({ till: TILL });
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const context = await browser.newContext({
    viewport: PHONE,
    locale: "id-ID",
    timezoneId: "Asia/Jakarta",
    reducedMotion: "reduce",
    serviceWorkers: "block",
  });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
});
after(async () => {
  await browser.close();
  await program.close();
});

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;

/** Saves a screenshot in the folder named by `SCREENSHOTS`. */
async function picture(name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

async function unlock(name: string, pin: string): Promise<void> {
  await page.getByRole("button", { name }).click();
  for (const digit of pin) await page.getByRole("button", { name: digit, exact: true }).click();
}

const product = (name: string) => page.getByRole("button", { name: new RegExp(`^${name}`) }).first();
const pay = () => page.getByRole("button", { name: /^Bayar/ }).first();

async function payInSimulator(): Promise<void> {
  const link = page.getByRole("link", { name: /simulator/i });
  const address = await link.getAttribute("href");
  const counter = await page.context().newPage();
  await counter.goto(address ?? "");
  await counter.getByRole("button", { name: /^Bayar/ }).click();
  await counter.getByText("Lunas").first().waitFor();
  await counter.close();
}

describe("a newcomer at the till, on a phone", () => {
  it("unlocks by PIN; a wrong PIN is refused with a message", async () => {
    await page.goto(program.url);
    await page.getByText("SANDBOX").first().waitFor();
    await picture("locked");
    await unlock("Sari", "999999");
    await page.getByText("PIN salah").first().waitFor();
    for (const digit of "111111") await page.getByRole("button", { name: digit, exact: true }).click();
    await product("Latte").waitFor();
    await picture("sell");
  });

  it("adds products by tap and scan, and takes cash in three taps; the sale is in the books", async () => {
    const salesBefore = await posted("sales");
    await product("Latte").click();
    // its EAN-13, written as a GTIN-14
    await scan(page, `0${ROTI_BAKAR}`);
    await page
      .getByText(/46\.000/)
      .first()
      .waitFor();
    await scan(page, "4006381333931");
    await page
      .getByText(/4006381333931/)
      .first()
      .waitFor();
    await picture("cart");
    await pay().click();
    await picture("pay");
    await page.getByRole("button", { name: /Uang pas/ }).click();
    await page.getByText("Lunas", { exact: false }).first().waitFor();
    await page
      .getByText(/KS1-[0-9]{6}-0001/)
      .first()
      .waitFor();
    await picture("paid-cash");
    assert.equal((await posted("sales")) - salesBefore, 4_144_100n);
    await program.assertBooksHold();
  });

  it("shows a QR, and then paid as soon as the customer pays in the simulator", async () => {
    await page.getByRole("button", { name: "Transaksi baru" }).click();
    await product("Kopi Susu").click();
    await pay().click();
    await page.getByRole("button", { name: /^QRIS/ }).click();
    await page
      .getByText(/22\.000/)
      .and(page.locator(":visible"))
      .first()
      .waitFor();
    await page.getByRole("link", { name: /simulator/i }).waitFor();
    await picture("qris");
    await payInSimulator();
    await page.getByText("Lunas", { exact: false }).first().waitFor();
    await picture("paid-qris");
    assert.equal(await posted("clearing:tripay"), -2_109_600n, "22.000 less 750 + 0,7 %, rounded up to 904");
    await program.assertBooksHold();
  });

  it("returns to the waiting sale after a reload; without the stream it still shows it as paid", async () => {
    await page.getByRole("button", { name: "Transaksi baru" }).click();
    await product("Latte").click();
    await pay().click();
    await page.getByRole("button", { name: /^QRIS/ }).click();
    await page.getByRole("link", { name: /simulator/i }).waitFor();
    const address = await page.getByRole("link", { name: /simulator/i }).getAttribute("href");
    await page.route("**/api/v1/till/events", (route) => route.abort());
    await page.reload();
    if (await page.getByRole("button", { name: "Sari" }).isVisible()) await unlock("Sari", "111111");
    await page.getByRole("link", { name: /simulator/i }).waitFor();
    assert.equal(await page.getByRole("link", { name: /simulator/i }).getAttribute("href"), address);
    await payInSimulator();
    await page.getByText("Lunas", { exact: false }).first().waitFor();
    await page.unroute("**/api/v1/till/events");
    await program.assertBooksHold();
  });

  it("the owner sees the sales of the day", async () => {
    const owner = await browser.newPage({
      viewport: PHONE,
      locale: "id-ID",
      timezoneId: "Asia/Jakarta",
      reducedMotion: "reduce",
    });
    owner.setDefaultTimeout(15_000);
    const cashierPage = page;
    page = owner;
    await page.goto(program.url);
    await unlock("Ratna", "333333");
    await product("Latte").waitFor();
    await page
      .getByRole("button", { name: "Hari ini" })
      .or(page.getByRole("link", { name: "Hari ini" }))
      .first()
      .click();
    // 46.000 + 22.000 + 28.000
    await until(
      async () =>
        (await page.locator("body").innerText()).includes("96.000") ||
        (await page.locator("body").innerText()).includes("86.486"),
      Boolean,
      15_000,
    );
    await picture("today");
    page = cashierPage;
    await owner.close();
    await program.assertBooksHold();
  });

  it("there is no error in the browser's console", async () => {
    const errors: string[] = [];
    const fresh = await browser.newPage({ viewport: PHONE, colorScheme: "dark", locale: "id-ID" });
    fresh.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    fresh.on("pageerror", (error) => errors.push(error.message));
    await fresh.goto(program.url);
    await fresh.getByRole("button", { name: "Sari" }).waitFor();
    const shown = page;
    page = fresh;
    await picture("locked-dark");
    page = shown;
    await fresh.close();
    assert.deepEqual(errors, []);
  });
});
