import type { CatalogueBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { makeOwnerCode, makeSetupCode } from "../../server/setup/index.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { launchChromium, openPhone, picture, press } from "./phone.ts";

const LIST = [
  "nama;harga;kategori;barcode;stok",
  "Kopi Tubruk;12.000;Kopi;8990000000198;40",
  "Pisang Goreng;Rp 15.000;Camilan",
  "Teh Hangat;;Minuman",
  "Roti Sobek;9.000;Roti;12345",
].join("\n");

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

const says = (page: Page, words: RegExp | string) =>
  page.getByText(words).and(page.locator(":visible")).first().waitFor();
const go = (page: Page, name: RegExp | string) => page.getByRole("button", { name }).click();
const isOpen = (page: Page) => page.getByRole("searchbox").waitFor();

async function chooseLogo(page: Page): Promise<void> {
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "catatan.txt", mimeType: "text/plain", buffer: Buffer.from("bukan gambar") });
  await says(page, /bukan gambar yang dapat dibaca/);
  const dots = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(1_600, 1_200);
    const pen = canvas.getContext("2d");
    for (let i = 0; i < 2_000 && pen; i++) {
      pen.fillStyle = `hsl(${(i * 37) % 360} 80% 50%)`;
      pen.fillRect((i * 53) % 1_600, (i * 97) % 1_200, 60, 60);
    }
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: Buffer.from(dots) });
  await page.getByRole("button", { name: "Hapus gambar" }).waitFor();
}

async function choosePin(page: Page, pin: string): Promise<void> {
  await press(page, pin);
  await says(page, "Sekali lagi");
  await press(page, pin);
}

describe("an empty installation in production", () => {
  let program: TestProgram;
  let page: Page;
  before(async () => {
    program = await openTestProgram({
      till: TILL,
      environment: {
        ONEGATE_MODE: "production",
        ONEGATE_ANONYMOUS: "off",
        ONEGATE_SIMULATOR: "off",
        ONEGATE_SECRET_KEY: "7".repeat(64),
        PUBLIC_URL: "https://kasir.example.invalid",
      },
    });
    page = await openPhone(browser, { timezoneId: "Asia/Makassar" });
  });
  after(async () => {
    await page.context().close();
    await program.close();
  });

  it("becomes a shop in a few steps; a refusal leads back to the step where it is corrected", async () => {
    await page.goto(program.url);
    await says(page, "Kode penyiapan");
    await page.getByLabel("Kode penyiapan").fill("ZZZZZZZZ");
    await picture(page, "setup-code");
    await go(page, "Lanjut");

    await page.getByLabel("Nama toko").fill("Warung Contoh");
    await page.getByLabel("Alamat").fill("Jl. Contoh No. 7, Makassar");
    assert.equal(
      await page.getByRole("button", { name: "WITA" }).getAttribute("aria-pressed"),
      "true",
      "the browser's zone",
    );
    await picture(page, "setup-shop");
    await go(page, "Lanjut");

    await says(page, /Harga di rak sudah berisi PPN/);
    await page.getByRole("radio", { name: /PB1 10 %/ }).click();
    await picture(page, "setup-tax");
    await go(page, "Lanjut");

    await says(page, "WC");
    await chooseLogo(page);
    await picture(page, "setup-logo");
    await go(page, "Lanjut");

    await page.getByLabel("Nama Anda").fill("Rini Contoh");
    await go(page, "Lanjut");
    await press(page, "123456");
    await says(page, /terlalu mudah ditebak/);
    await picture(page, "setup-pin");
    await choosePin(page, "482915");

    // after the browser is closed and opened again, everything but the PIN is restored
    await page.getByLabel("Nama kasir").fill("Adi");
    await page.reload();
    await says(page, /PIN tidak ikut disimpan/);
    await choosePin(page, "482915");
    assert.equal(await page.getByLabel("Nama kasir").inputValue(), "Adi");
    await picture(page, "setup-cashier");
    await go(page, "Lanjut");
    await choosePin(page, "739152");

    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "barang.csv", mimeType: "text/csv", buffer: Buffer.from(LIST) });
    await says(page, "2 baris tidak terbaca");
    await says(page, "Baris 4");
    await says(page, "barcode bukan EAN atau UPC yang benar");
    await says(page, "2 barang siap");
    await picture(page, "setup-products");
    await go(page, /^Pakai 2/);

    await says(page, /Kode penyiapan salah/);
    await picture(page, "setup-code-refused");
    await page.getByLabel("Kode penyiapan").fill((await makeSetupCode(program.database)).code);
    await go(page, "Lanjut");
    await says(page, "2 barang siap");
    await page.locator("textarea").fill(LIST.replace("Teh Hangat;;", "Teh Hangat;8rb;"));
    await go(page, /^Pakai 3/);
    await says(page, "Warung Contoh siap");
    await picture(page, "setup-ready");
    await go(page, "Mulai jualan");
    await isOpen(page);
    await says(page, "Rini Contoh · Pemilik");
    await says(page, "Kopi Tubruk");
    await picture(page, "setup-open");
  });

  it("can sell at once, and keeps no data of the set-up in the browser", async () => {
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.equal(/482915|739152|Jl\. Contoh No\. 7, Makassar","phone":"","zone"/.test(kept), false);
    await go(page, /^Pisang Goreng/);
    await page
      .getByRole("button", { name: /^Bayar/ })
      .first()
      .click();
    await says(page, /16\.500/);
    await go(page, /Uang pas/);
    await says(page, "Lunas");
    await program.assertBooksHold();
    await go(page, "Transaksi baru");
    await go(page, "Kunci");
    await page.getByRole("button", { name: "Adi", exact: true }).click();
    await press(page, "739152");
    await isOpen(page);
  });

  it("asks any other browser for a code, and allows no second set-up without one", async () => {
    const other = await openPhone(browser);
    await other.goto(program.url);
    await says(other, "Sambungkan tablet ini");
    await picture(other, "enrol-production");
    await other.getByLabel("Kode", { exact: true }).fill("aaaa bbbb");
    await go(other, "Sambungkan");
    await says(other, /tidak dikenal, sudah dipakai, atau kedaluwarsa/);
    await other.context().close();
  });

  it("lets its owner sign in again with a code from the server and a new PIN", async () => {
    const made = await makeOwnerCode(program.database, undefined);
    assert.ok("code" in made);
    const other = await openPhone(browser);
    await other.goto(program.url);
    await go(other, "Saya pemilik");
    await other.getByLabel("Kode", { exact: true }).fill(made.code);
    await picture(other, "recover");
    await go(other, "Lanjut");
    await choosePin(other, "268143");
    await isOpen(other);
    await says(other, "Rini Contoh · Pemilik");
    await other.context().close();
  });
});

describe("a sandbox", () => {
  let program: TestProgram;
  before(async () => {
    program = await openTestProgram({ till: TILL });
  });
  after(() => program.close());

  it("lets a newcomer create a shop beside the demo, without a code", async () => {
    const page = await openPhone(browser);
    await page.goto(program.url);
    await go(page, "Buat toko sendiri");
    await page.getByLabel("Nama toko").fill("Toko Coba");
    await go(page, "Lanjut");
    await go(page, "Lanjut");
    await go(page, "Lewati");
    await page.getByLabel("Nama Anda").fill("Tono");
    await page.keyboard.press("Enter");
    await choosePin(page, "593817");
    await go(page, "Lewati");
    await go(page, "Lewati");
    await says(page, "Toko Coba siap");
    await go(page, "Mulai jualan");
    await says(page, "Tono · Pemilik");
    await says(page, "Belum ada barang");
    const device = await page.evaluate(
      () => (JSON.parse(localStorage.getItem("onegate.device.1") ?? "{}") as { token?: string }).token,
    );
    const token = await page.evaluate(
      () => (JSON.parse(sessionStorage.getItem("onegate.session.1") ?? "{}") as { token?: string }).token,
    );
    const shelf = await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", {
      ...(token ? { token } : {}),
      headers: { "onegate-device": device ?? "" },
    });
    assert.deepEqual(shelf.body.products, []);
    await go(page, "Kunci");
    await go(page, "Ke toko contoh");
    await page.getByRole("button", { name: "Sari", exact: true }).waitFor();
    await go(page, "Buka toko saya");
    await page.getByRole("button", { name: "Tono", exact: true }).click();
    await press(page, "593817");
    await says(page, "Tono · Pemilik");
    await page.context().close();
  });
});
