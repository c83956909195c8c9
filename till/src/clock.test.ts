import assert from "node:assert/strict";
import { test } from "node:test";
import { learn, type Ahead, type Heard } from "./clock.ts";

const SERVER = Date.parse("2026-11-27T10:00:00.000Z");
const MINUTES = 60_000;

/** An answer made at the server's `at`, seen by a device whose clock is `fast` milliseconds ahead. */
const heard = (at: number, fast: number, tookMs = 80): Heard => ({
  sent: SERVER + at + fast - tookMs / 2,
  received: SERVER + at + fast + tookMs / 2,
  date: new Date(SERVER + at).toUTCString(),
});
const within = (ahead: Ahead | null, right: number) =>
  ahead !== null && ahead.least <= right && right <= ahead.most;

test("one answer gives the server's time to within a second plus the round trip", () => {
  for (const fast of [0, 20 * MINUTES, -3 * MINUTES]) {
    const ahead = learn(null, heard(700, fast));
    assert.ok(within(ahead, -fast));
    assert.ok(ahead && ahead.most - ahead.least <= 1_080);
  }
});

test("more answers narrow the interval, which always contains the true offset", () => {
  let ahead: Ahead | null = null;
  for (let at = 0; at < 30_000; at += 970) {
    ahead = learn(ahead, heard(at, 20 * MINUTES, 50 + (at % 7) * 10));
    assert.ok(within(ahead, -20 * MINUTES));
  }
  assert.ok(ahead && ahead.most - ahead.least < 300);
});

test("after the device's clock was changed, the estimate starts again", () => {
  const before = learn(learn(null, heard(0, 20 * MINUTES)), heard(4_300, 20 * MINUTES));
  assert.ok(within(learn(before, heard(9_000, 0)), 0));
});

test("an answer without a date changes nothing", () => {
  const before = learn(null, heard(0, 0));
  assert.equal(learn(before, { sent: 0, received: 1, date: null }), before);
  assert.equal(learn(null, { sent: 0, received: 1, date: "soon" }), null);
});
