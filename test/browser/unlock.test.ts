import type { DeviceBody, DeviceCodeBody, StaffSessionBody } from "@onegate/contract";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { DEMO_OUTLET } from "../../server/demo/index.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { launchChromium, openPhone, picture, press } from "./phone.ts";

const HOUR = 3_600_000;

let program: TestProgram;
let owner: string;
let browser: Browser;

before(async () => {
  program = await openTestProgram({ till: TILL });
  owner = await program.unlock("Ratna", "333333");
  browser = await launchChromium();
});
after(async () => {
  await browser.close();
  await program.close();
});

const choose = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const isOpen = (page: Page) => page.getByRole("searchbox").waitFor();
const isLocked = (page: Page) => page.getByRole("button", { name: "Sari", exact: true }).waitFor();
const says = (page: Page, words: RegExp | string) => page.getByText(words).first().waitFor();
const lock = (page: Page) => page.getByRole("button", { name: "Kunci", exact: true }).click();
const stored = (page: Page): Promise<Record<"local" | "session", Record<string, string>>> =>
  page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage } }));

async function unlock(page: Page, name: string, pin: string): Promise<void> {
  await choose(page, name);
  await press(page, pin);
}

/** The demo till opened by Sari, with a sealed copy of her session. */
async function openDemo(): Promise<Page> {
  const page = await openPhone(browser);
  await page.clock.install();
  await page.goto(program.url);
  await unlock(page, "Sari", "111111");
  await isOpen(page);
  await page.waitForFunction(() => localStorage.getItem("onegate.sealed.1") !== null);
  return page;
}

async function deviceOf(page: Page): Promise<{ id: string; token: string }> {
  return JSON.parse((await stored(page)).local["onegate.device.1"] ?? "") as { id: string; token: string };
}

const sessionsOn = async (deviceId: string) =>
  (
    await program.call<{ sessions: StaffSessionBody[] }>("GET", "/api/v1/staff-sessions", { token: owner })
  ).body.sessions.filter(({ device }) => device.id === deviceId);

const revoke = (id: string, reason: "lost" | "other") =>
  program.call<DeviceBody>("POST", `/api/v1/devices/${id}/revoke`, { token: owner, body: { reason } });

describe("a till that is locked", () => {
  it("seals its session, opens by the same PIN without the server, and still has its cart", async () => {
    const page = await openDemo();
    const { session, local } = await stored(page);
    const { token } = JSON.parse(session["onegate.session.1"] ?? "") as { token: string };
    assert.equal(
      JSON.stringify(local).includes(token),
      false,
      "the session's token is only in the tab's own storage",
    );
    assert.equal(JSON.stringify([local, session]).includes("111111"), false);
    await page.getByRole("button", { name: /^Latte/ }).click();
    await page.context().setOffline(true);
    await lock(page);
    await isLocked(page);
    assert.equal(
      JSON.stringify(await stored(page)).includes(token),
      false,
      "a locked till holds no token in the clear",
    );
    await unlock(page, "Bima", "222222");
    await says(page, "Belum tersambung ke server");
    await unlock(page, "Sari", "999999");
    await says(page, /tinggal 4 kali lagi/);
    await picture(page, "offline-wrong");
    await page.clock.fastForward(6_000);
    await press(page, "111111");
    await isOpen(page);
    await page
      .getByText(/28\.000/)
      .first()
      .waitFor();
    await page.context().setOffline(false);
    await says(page, "Tersambung");
    assert.equal(
      (await sessionsOn((await deviceOf(page)).id)).length,
      1,
      "the session stayed open while the till was locked",
    );
    await page.context().close();
  });

  it("opens without its server after a reload too", async () => {
    const page = await openPhone(browser, { serviceWorkers: "allow" });
    await page.goto(program.url);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await page.reload();
    await unlock(page, "Sari", "111111");
    await isOpen(page);
    await page.waitForFunction(() => localStorage.getItem("onegate.sealed.1") !== null);
    await lock(page);
    await page.context().setOffline(true);
    await page.reload();
    await says(page, /PIN tetap membuka kasir ini/);
    await picture(page, "offline-locked");
    await press(page, "111111");
    await says(page, "Luring");
    await page.context().close();
  });

  it("opens online with a new session, which replaces the sealed one", async () => {
    const page = await openDemo();
    const { id } = await deviceOf(page);
    const [first] = await sessionsOn(id);
    await lock(page);
    await unlock(page, "Sari", "111111");
    await isOpen(page);
    await page.waitForFunction(
      (before) => localStorage.getItem("onegate.sealed.1") !== before,
      (await stored(page)).local["onegate.sealed.1"],
    );
    for (let tries = 0; tries < 50 && (await sessionsOn(id)).length > 1; tries++)
      await page.waitForTimeout(100);
    const now = await sessionsOn(id);
    assert.equal(now.length, 1);
    assert.notEqual(now[0]?.id, first?.id);
    await page.context().close();
  });

  it("does not open without its server twelve hours after the server's last answer", async () => {
    const page = await openDemo();
    await lock(page);
    await page.context().setOffline(true);
    await page.clock.fastForward(12 * HOUR + 60_000);
    await unlock(page, "Sari", "111111");
    await says(page, "Belum tersambung ke server");
    assert.equal((await stored(page)).local["onegate.sealed.1"], undefined);
    await page.context().close();
  });

  it("destroys the sealed session at the fifth wrong PIN; only the server can open it then", async () => {
    const page = await openDemo();
    await lock(page);
    await page.context().setOffline(true);
    await choose(page, "Sari");
    for (const [seconds, left] of [
      [6, 4],
      [11, 3],
      [21, 2],
      [41, 1],
    ] as const) {
      await press(page, "999999");
      await says(page, new RegExp(`tinggal ${left} kali lagi`));
      assert.equal(
        await page.getByRole("button", { name: "1", exact: true }).isDisabled(),
        true,
        "the keys are disabled during the wait",
      );
      await page.clock.fastForward(seconds * 1_000);
      await page.getByRole("button", { name: "1", exact: true, disabled: false }).waitFor();
    }
    await press(page, "999999");
    await says(page, /PIN salah 5 kali/);
    assert.equal((await stored(page)).local["onegate.sealed.1"], undefined);
    await press(page, "111111");
    await says(page, "Belum tersambung ke server");
    await page.context().setOffline(false);
    await press(page, "111111");
    await isOpen(page);
    await page.context().close();
  });

  it("locks at once when the server reports that its session was ended meanwhile", async () => {
    const page = await openDemo();
    const { id } = await deviceOf(page);
    await page.context().setOffline(true);
    await lock(page);
    await unlock(page, "Sari", "111111");
    await isOpen(page);
    for (const session of await sessionsOn(id))
      assert.equal(
        (await program.call("DELETE", `/api/v1/staff-sessions/${session.id}`, { token: owner })).status,
        204,
      );
    await page.context().setOffline(false);
    await isLocked(page);
    await page.waitForFunction(() => localStorage.getItem("onegate.sealed.1") === null);
    await page.context().close();
  });

  it("keeps no session after signing out, in the browser or on the server", async () => {
    const page = await openDemo();
    const { id } = await deviceOf(page);
    await page.getByRole("button", { name: "Setelan" }).click();
    await picture(page, "settings");
    await page.getByRole("button", { name: "Keluar" }).click();
    await isLocked(page);
    await page.waitForFunction(
      () =>
        localStorage.getItem("onegate.sealed.1") === null &&
        sessionStorage.getItem("onegate.session.1") === null,
    );
    for (let tries = 0; tries < 50 && (await sessionsOn(id)).length > 0; tries++)
      await page.waitForTimeout(100);
    assert.deepEqual(await sessionsOn(id), []);
    await page.context().close();
  });
});

describe("wrong PINs", () => {
  it("make a cashier wait, then block the cashier; the owner can still unlock", async () => {
    const page = await openDemo();
    const { id } = await deviceOf(page);
    await lock(page);
    await press(page, "999999");
    await says(page, "PIN salah");
    const triedOn = (wrong: number, seconds: number) =>
      sql`
        update pin_try set wrong_pins = ${wrong}, delayed_until = now() + make_interval(secs => ${seconds})
        where device_id = ${id}
      `.execute(program.database.kysely);
    await triedOn(11, 64);
    await press(page, "111111");
    await says(page, /Terlalu banyak PIN salah\. Tunggu [0-9]+ detik/);
    await picture(page, "pin-delayed");
    await triedOn(20, -1);
    await page.clock.fastForward(HOUR);
    await page.getByRole("button", { name: "1", exact: true, disabled: false }).waitFor();
    await press(page, "111111");
    await says(page, /minta pemilik atau manajer membukanya/);
    await picture(page, "pin-blocked");
    await unlock(page, "Ratna", "333333");
    await isOpen(page);
    await page.context().close();
  });

  it("don't block a person who must change the PIN; simple or differing PINs are refused", async () => {
    const lost = await openDemo();
    const { id } = await deviceOf(lost);
    assert.equal((await revoke(id, "lost")).status, 200);
    await says(lost, "Tablet ini dicabut");
    await lost.context().close();

    const page = await openPhone(browser);
    await page.goto(program.url);
    await unlock(page, "Sari", "111111");
    await says(page, "Ganti PIN dulu");
    await picture(page, "change-pin");
    await press(page, "123456");
    await says(page, /terlalu mudah ditebak/);
    await press(page, "482915");
    await says(page, "Sekali lagi");
    await press(page, "482916");
    await says(page, "Keduanya tidak sama");
    await press(page, "482915");
    await says(page, "Sekali lagi");
    await press(page, "482915");
    await isOpen(page);
    await lock(page);
    await unlock(page, "Sari", "111111");
    await says(page, "PIN salah");
    await press(page, "482915");
    await isOpen(page);
    await page.context().close();
  });
});

describe("a tablet", () => {
  const newCode = async () =>
    (
      await program.call<DeviceCodeBody>("POST", "/api/v1/devices/codes", {
        token: owner,
        body: { outlet_id: DEMO_OUTLET, name: "Kasir depan" },
      })
    ).body.code;
  const devices = async () =>
    (await program.call<{ devices: DeviceBody[] }>("GET", "/api/v1/devices", { token: owner })).body.devices;

  it("is connected by the address of an invitation; the code is removed from the address bar", async () => {
    const page = await openPhone(browser);
    await page.goto(`${program.url}/#enrol=${await newCode()}`);
    await isLocked(page);
    assert.equal(page.url(), `${program.url}/`);
    const { id } = await deviceOf(page);
    assert.equal((await devices()).find((device) => device.id === id)?.name, "Kasir depan");
    await unlock(page, "Ratna", "333333");
    await isOpen(page);
    await page.context().close();
  });

  it("shows that a code is not valid, and accepts one typed in lower case", async () => {
    const page = await openPhone(browser);
    await page.goto(`${program.url}/#enrol=ZZZZ-ZZZZ`);
    await says(page, /tidak dikenal, sudah dipakai, atau kedaluwarsa/);
    await picture(page, "enrol-refused");
    const code = await newCode();
    await page.getByLabel("Kode", { exact: true }).fill("");
    await page.getByLabel("Kode", { exact: true }).pressSequentially(code.replace("-", "").toLowerCase());
    assert.equal(await page.getByLabel("Kode", { exact: true }).inputValue(), code);
    await picture(page, "enrol");
    await page.getByRole("button", { name: "Sambungkan" }).click();
    await isLocked(page);
    assert.equal(
      (await devices()).some(
        ({ name, revoked_at: revokedAt }) => name === "Kasir depan" && revokedAt === null,
      ),
      true,
    );
    await page.context().close();
  });

  it("that is already connected is not moved to another shop by an address alone", async () => {
    const page = await openPhone(browser);
    await page.goto(`${program.url}/#enrol=${await newCode()}`);
    await isLocked(page);
    const { id } = await deviceOf(page);
    await page.goto(`${program.url}/#enrol=${await newCode()}`);
    await says(page, /Lanjutkan hanya bila Anda yang memintanya/);
    await picture(page, "enrol-again");
    await page.getByRole("button", { name: "Kembali" }).click();
    await isLocked(page);
    assert.equal((await deviceOf(page)).id, id);
    await page.context().close();
  });

  it("that is revoked is locked at once, shows the unsent sale, and keeps no session", async () => {
    const page = await openPhone(browser);
    await page.goto(`${program.url}/#enrol=${await newCode()}`);
    await unlock(page, "Ratna", "333333");
    await isOpen(page);
    await page.waitForFunction(() => localStorage.getItem("onegate.sealed.1") !== null);
    const { id } = await deviceOf(page);
    await page.context().setOffline(true);
    await page.getByRole("button", { name: /^Latte/ }).click();
    await page
      .getByRole("button", { name: /^Bayar/ })
      .first()
      .click();
    await page.getByRole("button", { name: /Uang pas/ }).click();
    await says(page, /Belum ada jawaban dari server/);
    assert.equal((await revoke(id, "other")).status, 200);
    await page.context().setOffline(false);
    await says(page, "Tablet ini dicabut");
    await says(page, /Penjualan Rp 28\.000 pukul .*Latte.* belum terjawab/);
    await picture(page, "revoked");
    const { local, session } = await stored(page);
    assert.deepEqual([local["onegate.sealed.1"], session["onegate.session.1"]], [undefined, undefined]);
    await page.reload();
    await says(page, "Tablet ini dicabut");
    await page.getByRole("button", { name: "Sambungkan lagi" }).click();
    await isLocked(page);
    await page.context().close();
  });
});
