import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { actions } from "../../server/identity/audit/actions.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { sentences } from "../../till/src/office/sentences.ts";
import { launchChromium, openPhone, picture, press } from "./phone.ts";

let program: TestProgram;
let browser: Browser;
let owner: Page;

before(async () => {
  program = await openTestProgram({ till: TILL });
  browser = await launchChromium();
  owner = await openPhone(browser);
  await owner.goto(program.url);
  await unlock(owner, "Ratna", "333333");
});
after(async () => {
  await browser.close();
  await program.close();
});

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name }).and(page.locator(":visible")).first();

const inSheet = (page: Page, name: string) => page.locator("dialog").getByRole("button", { name });

async function unlock(page: Page, name: string, pin: string): Promise<void> {
  await button(page, name).click();
  await press(page, pin);
  await button(page, "Riwayat").waitFor();
}

/** Opens a page of the back office by its address, as a bookmark does. */
async function open(name: string, heading: string): Promise<void> {
  await owner.goto(`${program.url}/#shop/${name}`);
  await owner.getByRole("heading", { name: heading, exact: true }).waitFor();
}

describe("the owner's back office, on a phone", () => {
  it("navigates from the list to its pages and back, and stays on the page after a reload", async () => {
    await button(owner, "Toko").click();
    await button(owner, /^Staf/).waitFor();
    await picture(owner, "shop");
    await button(owner, /^Staf/).click();
    await owner.getByText("Bima").waitFor();
    await owner.reload();
    await owner.getByText("Bima").waitFor();
    await owner.goBack();
    await button(owner, /^Jejak audit/).waitFor();
  });

  it("adds a cashier, who can then unlock; a PIN that is easy to guess is refused", async () => {
    await open("staff", "Staf");
    await button(owner, "Tambah staf").click();
    await owner.getByLabel("Nama").fill("Tono");
    for (const [pin, again] of [
      ["123456", "123456"],
      ["748218", "748219"],
      ["748218", "748218"],
    ] as const) {
      await owner.getByLabel("PIN 6 angka").fill(pin);
      await owner.getByLabel("Ulangi PIN").fill(again);
      const add = inSheet(owner, "Tambah staf");
      if (pin !== again) {
        await owner.getByText("Kedua PIN tidak sama.").waitFor();
        assert.ok(await add.isDisabled());
        continue;
      }
      await add.click();
      if (pin === "123456") {
        await owner.getByText(/terlalu mudah ditebak/).waitFor();
        await picture(owner, "staff-refused");
      }
    }
    await owner.getByText("Tono sudah bisa masuk.").waitFor();
    await picture(owner, "staff");
    const till = await openPhone(browser);
    await till.goto(program.url);
    await unlock(till, "Tono", "748218");
    assert.equal(
      await till.getByRole("button", { name: "Toko", exact: true }).count(),
      0,
      "a cashier has no back office",
    );
    await till.goto(`${program.url}/#shop/staff`);
    await button(till, "Riwayat").waitFor();
    assert.equal(await till.getByRole("heading", { name: "Staf" }).count(), 0, "not by its address either");
    await till.context().close();
  });

  it("deactivates a member of staff, and undo activates them again", async () => {
    await open("staff", "Staf");
    await button(owner, /Tono/).click();
    await button(owner, "Nonaktifkan").click();
    await owner.getByText(/dinonaktifkan/).waitFor();
    await button(owner, /Tono.*Nonaktif/).waitFor();
    await button(owner, "Urungkan").click();
    await button(owner, /Tono.*Nonaktif/).waitFor({ state: "detached" });
    await button(owner, /Tono/).waitFor();
  });

  it("creates a custom role and assigns it", async () => {
    await open("roles", "Peran");
    await button(owner, "Buat peran").click();
    await owner.getByLabel("Nama").fill("Kasir senior");
    const rights = owner.getByRole("switch");
    await rights.first().waitFor();
    await picture(owner, "role");
    await rights.nth(0).check();
    await rights.nth(1).check();
    await inSheet(owner, "Simpan").click();
    await button(owner, /Kasir senior.*2 hak/).waitFor();
    await open("staff", "Staf");
    await button(owner, /Tono/).click();
    await owner.getByLabel("Peran").selectOption({ label: "Kasir senior" });
    await button(owner, "Simpan").click();
    await button(owner, /Tono.*Kasir senior/).waitFor();
    await open("roles", "Peran");
    await button(owner, /Kasir senior/).click();
    await button(owner, "Hapus peran").click();
    await owner.getByText("Peran ini masih dipakai pegawai.").waitFor();
    await button(owner, "Tutup").click();
  });

  it("enrols a second device by the code that is shown; revoking the device locks it at once", async () => {
    await open("devices", "Perangkat");
    await button(owner, "Daftarkan").click();
    await owner.getByLabel("Nama perangkat").fill("Ponsel dapur");
    await button(owner, "Buat kode").click();
    const code = await owner.getByRole("status", { name: "Kode pendaftaran" }).innerText();
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await picture(owner, "device-code");
    const second = await openPhone(browser);
    await second.goto(`${program.url}/#enrol=${code}`);
    await button(second, "Sari").waitFor();
    await owner.getByText("Ponsel dapur sudah terdaftar.").waitFor();
    await unlock(second, "Sari", "111111");

    await open("sessions", "Sesi");
    await owner.getByText(/Ponsel dapur · Sejak/).waitFor();
    await picture(owner, "sessions");
    await open("devices", "Perangkat");
    await button(owner, /Ponsel dapur/).click();
    await owner.getByLabel(/^Hilang/).check();
    await picture(owner, "device-lost");
    await button(owner, "Cabut perangkat ini").click();
    await second
      .getByText(/dicabut/)
      .first()
      .waitFor();
    await picture(second, "revoked");
    await second.context().close();
    await open("staff", "Staf");
    await button(owner, /Sari.*Harus ganti PIN/).waitFor();
    await button(owner, /Sari/).click();
    await inSheet(owner, "Ganti PIN").click();
    for (const label of ["PIN baru", "Ulangi PIN"]) await owner.getByLabel(label).fill("518203");
    await inSheet(owner, "Ganti PIN").click();
    await owner.getByText("PIN Sari sudah diganti.").waitFor();
  });

  it("shows a key once; it works until it is revoked", async () => {
    await open("keys", "Kunci API");
    await owner.getByText("Belum ada kunci.").waitFor();
    await picture(owner, "keys-empty");
    await button(owner, "Buat kunci").click();
    await owner.getByLabel("Nama").fill("Toko web");
    await inSheet(owner, "Buat kunci").click();
    const key = await owner.getByRole("status", { name: "Kunci rahasia" }).innerText();
    const used = async () =>
      (
        await fetch(`${program.url}/api/v1/payments/01a1fdb6-8d46-7135-a824-e1a067cea9e0`, {
          headers: { authorization: `Bearer ${key}` },
        })
      ).status;
    assert.equal(await used(), 404, "the key is accepted; the payment doesn't exist");
    await button(owner, "Sudah saya simpan").click();
    await button(owner, /Toko web/).waitFor();
    assert.equal(await owner.getByText(key).count(), 0);
    await button(owner, /Toko web/).click();
    await button(owner, "Cabut kunci ini").click();
    await button(owner, /Toko web.*Dicabut/).waitFor();
    await owner.waitForTimeout(1_100);
    assert.equal(await used(), 401);
  });

  it("changes the receipt's footer", async () => {
    await open("outlet", "Outlet");
    await owner.getByLabel("Kaki struk").fill("Matur suksma");
    await picture(owner, "outlet");
    await button(owner, "Simpan").click();
    await owner.getByText("Tersimpan.").waitFor();
    await owner.reload();
    assert.equal(await owner.getByLabel("Kaki struk").inputValue(), "Matur suksma");
  });
});

it("the back office has a sentence in both languages for every action of the audit trail", () => {
  assert.deepEqual(
    Object.keys(sentences).sort((a, b) => a.localeCompare(b)),
    Object.keys(actions).sort((a, b) => a.localeCompare(b)),
  );
});

describe("a cashier's void, on a phone", () => {
  it("needs the manager's PIN, refunds the money, and is in the audit trail", async () => {
    const till = await openPhone(browser);
    await till.goto(program.url);
    await unlock(till, "Sari", "518203");
    await button(till, /^Latte/).click();
    await button(till, /^Bayar/).click();
    await button(till, /Uang pas/).click();
    await button(till, "Transaksi baru").click();
    await button(till, "Riwayat").click();
    await button(till, /Latte/).click();
    await button(till, "Batalkan atau kembalikan").click();
    await till.getByText("Perlu PIN orang kedua: Bima, Ratna.").waitFor();
    await button(till, "Salah pesan").click();
    await button(till, "Minta persetujuan").click();
    await inSheet(till, "Bima").click();
    await press(till, "222221");
    await till.getByText("PIN salah.").waitFor();
    await picture(till, "approve");
    await press(till, "222222");
    await till.getByText(/Serahkan Rp\s28\.000 tunai dari laci\./).waitFor();
    await picture(till, "voided");
    await button(till, "Selesai").click();
    await button(till, /Latte.*Dibatalkan/).waitFor();
    await till.context().close();
    await program.assertBooksHold();

    await open("audit", "Jejak audit");
    await button(owner, /Sari membatalkan penjualan sebesar Rp\s28\.000, disetujui Bima\./).waitFor();
    await button(owner, /Bima menyetujui pembatalan/).waitFor();
    await picture(owner, "audit");
    await owner.getByLabel("Kejadian").selectOption({ label: "Perangkat dicabut" });
    await button(owner, /Ratna mencabut perangkat Ponsel dapur\./).click();
    await owner.locator("dialog").getByText("device.revoked").waitFor();
    await picture(owner, "audit-entry");
    await button(owner, "Tutup").click();
    const [file] = await Promise.all([owner.waitForEvent("download"), button(owner, "Unduh").click()]);
    assert.match(file.suggestedFilename(), /^audit-.*\.jsonl$/);
  });
});
