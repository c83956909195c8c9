import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { launchChromium, openPhone, picture, press, scan } from "./phone.ts";

/** The barcode of the demo's Roti Bakar, its 19th product, for Rp 18.000. */
const ROTI_BAKAR = "8990000000198";
const UNKNOWN = "4006381333931";
/** The speed of a slow scanner. */
const SLOW_MS = 60;

let program: TestProgram;
let browser: Browser;
let page: Page;

before(async () => {
  program = await openTestProgram({ till: TILL });
  browser = await launchChromium();
  page = await openPhone(browser);
  await page.goto(program.url);
  await button("Sari").click();
});
after(async () => {
  await browser.close();
  await program.close();
});

const button = (name: string | RegExp) =>
  page.getByRole("button", { name }).and(page.locator(":visible")).first();
const says = (words: RegExp | string) => page.getByText(words).first().waitFor();
const scanSlowly = (code: string) => scan(page, code, SLOW_MS);

/** The cart as the till stores it. */
async function cart(): Promise<Array<[name: string, quantity: number]>> {
  const stored = await page.evaluate(() => localStorage.getItem("onegate.till.1") ?? "");
  const { cart: lines = [] } = JSON.parse(stored) as { cart?: Array<{ name: string; quantity: number }> };
  return lines.map(({ name, quantity }) => [name, quantity]);
}

describe("a slow scanner that acts as a keyboard, on a phone", () => {
  it("tries no PIN at the locked screen", async () => {
    const tries: string[] = [];
    page.on("request", (request) => request.url().endsWith("/till/unlock") && tries.push(request.url()));
    await scanSlowly(ROTI_BAKAR);
    await says(/Buka kasir dulu/);
    await scanSlowly("123456");
    await press(page, "111111");
    await page.getByRole("searchbox").waitFor();
    assert.equal(tries.length, 1, "only the pressed PIN was tried, not the scanned digits");
  });

  it("adds the item, and its Enter doesn't press the product that has the focus", async () => {
    await button(/^Latte/).click();
    await scanSlowly(ROTI_BAKAR);
    await says("Roti Bakar ditambahkan.");
    assert.deepEqual(await cart(), [
      ["Latte", 1],
      ["Roti Bakar", 1],
    ]);
    await scanSlowly(UNKNOWN);
    await says(/4006381333931 tidak ada/);
    assert.deepEqual(await cart(), [
      ["Latte", 1],
      ["Roti Bakar", 1],
    ]);
  });

  it("leaves no text in the search field", async () => {
    const search = page.getByRole("searchbox");
    await search.pressSequentially("kopi");
    await page.waitForTimeout(400);
    await scanSlowly(ROTI_BAKAR);
    await says("Roti Bakar ditambahkan.");
    assert.equal(await search.inputValue(), "kopi");
    await button("Hapus pencarian").click();
  });

  it("completes no sale, whatever has the focus", async () => {
    await button(/^Bayar/).click();
    for (const focused of [null, /^Terima/, /^Uang pas/, /^QRIS$/]) {
      if (focused) await button(focused).focus();
      await scanSlowly(ROTI_BAKAR);
      await says(/Pindaian diabaikan/);
      await button(/^Terima.*64\.000/).waitFor();
    }
  });

  it("an absurd sum of cash needs confirmation, and a sensible one doesn't", async () => {
    await button(/^QRIS$/).blur();
    await page.keyboard.type("8990000000", { delay: 130 });
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("dialog", { name: "Periksa uang diterima" });
    await sheet.getByText(/8\.990\.000\.000/).waitFor();
    await picture(page, "unusual");
    await scanSlowly(UNKNOWN);
    await sheet.waitFor();
    await sheet.getByRole("button", { name: "Betulkan" }).click();
    for (let digit = 0; digit < 10; digit++) await button("Hapus angka").click();
    await press(page, "100000");
    await button(/^Terima/).click();
    await says("Lunas");
    await says(/36\.000/);
  });

  it("begins the next sale from the receipt, unless the item is unknown", async () => {
    await scanSlowly(UNKNOWN);
    await says(/4006381333931 tidak ada/);
    await says("Lunas");
    await button("Transaksi baru").focus();
    await scanSlowly(ROTI_BAKAR);
    await says(/Roti Bakar masuk ke transaksi baru/);
    assert.deepEqual(await cart(), [["Roti Bakar", 1]]);
  });

  it("adds the item on the other pages too", async () => {
    await button("Riwayat").click();
    await scanSlowly(ROTI_BAKAR);
    await says("Roti Bakar ditambahkan.");
    await button(/Latte/).click();
    await page.getByRole("dialog").waitFor();
    await scanSlowly(ROTI_BAKAR);
    await page.getByRole("dialog").getByText("Roti Bakar ditambahkan.").waitFor();
    assert.deepEqual(await cart(), [["Roti Bakar", 3]]);
    await page.getByRole("button", { name: "Tutup" }).click();
    await button("Jual").click();
  });

  it("presses nothing while a payment is awaited", async () => {
    await button(/^Bayar/).click();
    await button(/^QRIS$/).click();
    await page.getByRole("link", { name: /simulator/i }).waitFor();
    await button("Ganti cara").focus();
    await scanSlowly(ROTI_BAKAR);
    await says(/Pindaian diabaikan/);
    await page.getByRole("link", { name: /simulator/i }).waitFor();
    await program.assertBooksHold();
  });
});
