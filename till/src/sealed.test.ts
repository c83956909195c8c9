import type { SessionBody } from "@onegate/contract";
import { argon2id } from "hash-wasm";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSeals, DELAYS_S, MAX_HOURS, MAX_TRIES } from "./sealed.ts";

const HOUR = 3_600_000;
const SARI = "01990000-0000-7000-8000-000000000001";
const BUDI = "01990000-0000-7000-8000-000000000002";
const session = (staffId: string): SessionBody => ({
  token: "t".repeat(43),
  expires_at: new Date(14 * HOUR).toISOString(),
  staff: { id: staffId, name: "Sari", role: "cashier", role_name: null },
  rights: [],
  must_change_pin: false,
});

/** A fast stand-in for Argon2 that, like it, gives a different key for each PIN. */
const quick = async (pin: string, salt: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(
    await crypto.subtle.digest("SHA-256", new Uint8Array([...new TextEncoder().encode(pin), ...salt])),
  );

const newKey = () =>
  crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

function openSeals() {
  let own = newKey();
  const state = { stored: null as string | null, now: 0, derived: 0 };
  const seals = createSeals({
    place: { read: () => state.stored, write: (value) => void (state.stored = value) },
    derive: (pin, salt) => {
      state.derived += 1;
      return quick(pin, salt);
    },
    ownKey: () => own,
    now: () => state.now,
  });
  const elsewhere = () => void (own = newKey());
  const after = (seconds: number) => void (state.now += seconds * 1_000);
  return { state, seals, after, elsewhere };
}

describe("a sealed session", () => {
  it("opens with its PIN any number of times, and stores neither token nor PIN in the clear", async () => {
    const { state, seals } = openSeals();
    await seals.keep(session(SARI), "482915");
    assert.equal(state.stored?.includes("tttt"), false);
    assert.equal(state.stored?.includes("482915"), false);
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "open", session: session(SARI) });
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "open", session: session(SARI) });
  });

  it("opens only for the person it belongs to", async () => {
    const { state, seals, after } = openSeals();
    await seals.keep(session(SARI), "482915");
    assert.deepEqual(await seals.open(BUDI, "482915"), { is: "none" });
    const boxes = JSON.parse(state.stored ?? "{}") as Record<string, unknown>;
    state.stored = JSON.stringify({ ...boxes, [BUDI]: boxes[SARI] });
    assert.equal((await seals.open(BUDI, "482915")).is, "wrong");
    after(60);
    seals.forget(BUDI);
    assert.equal((await seals.open(SARI, "482915")).is, "open");
  });

  it("imposes a wait after each wrong PIN, which costs no try, and is destroyed by the fifth", async () => {
    const { state, seals, after } = openSeals();
    await seals.keep(session(SARI), "482915");
    for (const [index, seconds] of DELAYS_S.entries()) {
      assert.deepEqual(await seals.open(SARI, "000001"), {
        is: "wrong",
        left: MAX_TRIES - index - 1,
        seconds,
      });
      assert.deepEqual(await seals.open(SARI, "482915"), { is: "wait", seconds });
      after(seconds);
    }
    assert.deepEqual(await seals.open(SARI, "000001"), { is: "destroyed" });
    assert.equal(state.stored, null);
    assert.equal(state.derived, 1 + MAX_TRIES);
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "none" });
  });

  it("resets the count of wrong PINs after the right one", async () => {
    const { seals, after } = openSeals();
    await seals.keep(session(SARI), "482915");
    for (let round = 0; round < 3; round++) {
      assert.equal((await seals.open(SARI, "000001")).is, "wrong");
      after(5);
      assert.equal((await seals.open(SARI, "482915")).is, "open");
    }
  });

  it("counts a try before it is made, so that closing the page doesn't save it", async () => {
    const { state, seals } = openSeals();
    await seals.keep(session(SARI), "482915");
    const trying = seals.open(SARI, "000001");
    assert.match(state.stored ?? "", /"tries":1/);
    await trying;
  });

  it("opens until twelve hours after the server's answer, not later, nor with a clock set back", async () => {
    const { state, seals } = openSeals();
    state.now = HOUR;
    await seals.keep(session(SARI), "482915");
    state.now += MAX_HOURS * HOUR;
    assert.equal((await seals.open(SARI, "482915")).is, "open");
    state.now += 1;
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "none" });
    assert.equal(state.stored, null);
    await seals.keep(session(SARI), "482915");
    state.now -= HOUR;
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "none" });
  });

  it("can't be extended: its time is part of the authenticated data", async () => {
    const { state, seals } = openSeals();
    await seals.keep(session(SARI), "482915");
    state.stored = (state.stored ?? "").replace('"at":0', '"at":1000');
    assert.equal((await seals.open(SARI, "482915")).is, "wrong");
  });

  it("can't be opened from copied storage: no PIN can be tried without the browser's key", async () => {
    const { seals, elsewhere, state } = openSeals();
    await seals.keep(session(SARI), "482915");
    const before = state.derived;
    elsewhere();
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "none" });
    assert.deepEqual([state.stored, state.derived], [null, before], "and no PIN was tried");
  });

  it("expires when the clock is set back behind the latest time seen, even to after the unlock", async () => {
    const { state, seals, after } = openSeals();
    await seals.keep(session(SARI), "482915");
    after(6 * 3_600);
    assert.equal(seals.has(SARI), true);
    after(-60);
    assert.equal(seals.has(SARI), true, "a clock may be set back a little");
    after(-3 * 3_600);
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "none" });
    assert.equal(state.stored, null);
  });

  it("that an earlier version stored without the browser's key is deleted", async () => {
    const { state, seals } = openSeals();
    await seals.keep(session(SARI), "482915");
    state.stored = (state.stored ?? "").replace('"outerIv"', '"was"');
    assert.equal(seals.has(SARI), false);
    assert.equal(state.stored, null);
  });

  it("does not outlive the session", async () => {
    const { state, seals } = openSeals();
    await seals.keep({ ...session(SARI), expires_at: new Date(HOUR).toISOString() }, "482915");
    state.now = HOUR;
    assert.deepEqual(await seals.open(SARI, "482915"), { is: "none" });
  });
});

it("the key is Argon2id as RFC 9106 defines it (test vector of the reference implementation)", async () => {
  const key = await argon2id({
    password: "password",
    salt: new TextEncoder().encode("somesalt"),
    memorySize: 65_536,
    iterations: 2,
    parallelism: 1,
    hashLength: 32,
    outputType: "hex",
  });
  assert.equal(key, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
});
