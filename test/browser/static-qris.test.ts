import type { SettlementCaseBody, UnverifiedBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../../server/demo/index.ts";
import { balanceByCode } from "../../server/ledger/index.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";

const PRINTED =
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI" +
  "51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI" +
  "5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";

/** The time until a change of the colour scheme is visible. */
const SETTLED_MS = 400;

let program: TestProgram;
let owner: string;
let browser: Browser;
let page: Page;

before(async () => {
  program = await openTestProgram({ till: TILL });
  owner = await program.unlock("Ratna", "333333");
  assert.equal(
    (
      await program.call("PUT", `/api/v1/outlets/${DEMO_OUTLET}/static-qris`, {
        token: owner,
        body: { payload: PRINTED },
      })
    ).status,
    200,
  );
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
  page = await browser.newPage({
    viewport: { width: 360, height: 640 },
    locale: "id-ID",
    timezoneId: "Asia/Jakarta",
    reducedMotion: "reduce",
    serviceWorkers: "block",
  });
  page.setDefaultTimeout(15_000);
  await page.goto(program.url);
  await page.getByRole("button", { name: "Sari" }).click();
  for (const digit of "111111") await page.getByRole("button", { name: digit, exact: true }).click();
});
after(async () => {
  await browser.close();
  await program.close();
});

const button = (name: string | RegExp) =>
  page.getByRole("button", { name }).and(page.locator(":visible")).first();
const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const unverified = async () =>
  (await program.call<UnverifiedBody>("GET", "/api/v1/settlement/unverified", { token: owner })).body;

/** Saves screenshots, light and dark, in the folder named by `SCREENSHOTS`. */
async function picture(name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(SETTLED_MS);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
  }
}

async function ringUp(name: string): Promise<void> {
  await button(new RegExp(`^${name}`)).click();
  await button(/^Bayar/).click();
  await button(/^QRIS$/).click();
}

describe("a cashier whose shop has a printed QRIS, on a phone", () => {
  it("can use it when the payment gets no QR, and records the proof with its reference", async () => {
    await program.lever("POST", "next", { call: "create", fault: "error_500" });
    await ringUp("Latte");
    await button("Pakai QRIS statis toko").waitFor();
    await picture("static-offered");
    await button("Pakai QRIS statis toko").click();
    await page.getByText("Saifullah.id").waitFor();
    await page.getByRole("img", { name: /28\.000/ }).waitFor();
    await page.getByText(/Lihat bukti bayar/).waitFor();
    await picture("static-qris");
    await page.getByLabel(/RRN/).fill("12");
    await button("Bukti sudah dilihat").click();
    await page.getByText(/6 sampai 40 huruf/).waitFor();
    await page.getByLabel(/RRN/).fill("6325 1100 0001");
    await button("Bukti sudah dilihat").click();
    await page.getByText("Lunas").first().waitFor();
    await page.getByText("Belum terverifikasi").first().waitFor();
    await picture("static-paid");
    assert.deepEqual(
      [
        await posted("unverified:qris_static"),
        (await unverified()).payments.map(({ reference }) => reference),
      ],
      [-2_800_000n, ["632511000001"]],
    );
    await program.assertBooksHold();
  });

  it("sees the code of the same sale after a reload", async () => {
    await button("Transaksi baru").click();
    await program.lever("POST", "next", { call: "create", fault: "error_500" });
    await ringUp("Kopi Susu");
    await button("Pakai QRIS statis toko").click();
    await page.reload();
    await page.getByRole("img", { name: /22\.000/ }).waitFor();
    await button("Bukti sudah dilihat").click();
    await page.getByText("Lunas").first().waitFor();
    await button("Transaksi baru").click();
  });

  it("can choose it beside cash when no provider can be reached", async () => {
    await program.simulator.close();
    await program.restart();
    await ringUp("Kopi Aren");
    await page.getByText(/tidak dapat dihubungi/).waitFor();
    await picture("static-away");
    await button("Pakai QRIS statis toko").click();
    await page.getByRole("img", { name: /24\.000/ }).waitFor();
    await button("Ganti cara").click();
    await button(/^QRIS statis$/).waitFor();
    await picture("static-methods");
    await button(/^QRIS statis$/).click();
    await button("Bukti sudah dilihat").click();
    await page.getByText("Lunas").first().waitFor();
    await button("Transaksi baru").click();
    const { count, total } = await unverified();
    assert.deepEqual([count, total.amount], [3, "74000.00"]);
    await program.assertBooksHold();
  });

  it("sees which sales are unverified, and the owner sees how many", async () => {
    await button("Riwayat").click();
    await page.getByText("Belum terverifikasi").first().waitFor();
    await picture("static-history");
    await page.getByRole("button", { name: /Kopi Aren.*Belum terverifikasi/ }).click();
    await page.getByRole("dialog").getByText("Belum terverifikasi").waitFor();
    await picture("static-struk");
    await page.getByRole("button", { name: "Tutup" }).click();
    await button("Kunci").click();
    await page.getByRole("button", { name: "Ratna" }).click();
    for (const digit of "333333") await page.getByRole("button", { name: digit, exact: true }).click();
    await button("Hari ini").click();
    await page.getByText(/3 pembayaran QRIS statis/).scrollIntoViewIfNeeded();
    await picture("static-today");
    const { cases } = (
      await program.call<{ cases: SettlementCaseBody[] }>("GET", "/api/v1/settlement/cases", { token: owner })
    ).body;
    assert.deepEqual(cases, []);
  });
});
