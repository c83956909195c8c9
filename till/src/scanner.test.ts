import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, idle } from "./scanner.ts";

/** Types `text` with `gap` milliseconds between keys, then `end`. Returns the code that was recognized. */
function type(text: string, gap: number, end = "Enter"): string | undefined {
  let scanner = idle;
  let at = 1000;
  let read: string | undefined;
  for (const key of [...text, end]) {
    const fed = feed(scanner, { key, at: (at += gap) });
    scanner = fed.scanner;
    read = fed.code ?? read;
  }
  return read;
}

const EAN = "8991002101234";

test("fast keys ended by Enter are a barcode", () => assert.equal(type(EAN, 8), EAN));

test("keys every 60 ms are a barcode, whatever the code looks like", () => {
  for (const code of [EAN, "96385074", "012345678905", "123456", "SKU-00017", "1Z 999 AA1"])
    assert.equal(type(code, 60), code);
});

test("slower keys are a barcode if the check digit is right", () => {
  assert.equal(type(EAN, 100), EAN);
  assert.equal(type("8991002101235", 100), undefined);
});

test("a code may end with Tab", () => assert.equal(type(EAN, 20, "Tab"), EAN));

test("the same keys at typing speed are not a barcode", () => assert.equal(type(EAN, 120), undefined));

test("a few fast keys are not a barcode, nor are words typed fast", () => {
  assert.equal(type("12", 5), undefined);
  assert.equal(type("50000", 70), undefined);
  assert.equal(type("kopi susu", 60), undefined);
});

test("one slow key doesn't cut a scanner's code", () => {
  let scanner = idle;
  let at = 0;
  for (const [place, key] of [...EAN].entries())
    scanner = feed(scanner, { key, at: (at += place === 7 ? 180 : 20) }).scanner;
  assert.equal(feed(scanner, { key: "Enter", at: at + 20 }).code, EAN);
});

test("a scan after slow typing doesn't include the typed keys", () => {
  let scanner = feed(idle, { key: "l", at: 0 }).scanner;
  scanner = feed(scanner, { key: "a", at: 150 }).scanner;
  let at = 400;
  for (const key of "89910021") scanner = feed(scanner, { key, at: (at += 10) }).scanner;
  assert.equal(feed(scanner, { key: "Enter", at: at + 10 }).code, "89910021");
});

test("an Enter long after the keys is not the end of a scan", () => {
  let scanner = idle;
  for (const [index, key] of [..."89910021"].entries())
    scanner = feed(scanner, { key, at: index * 5 }).scanner;
  assert.equal(feed(scanner, { key: "Enter", at: 900 }).code, undefined);
});

test("a second Enter soon after a scan belongs to the scanner, a later one doesn't", () => {
  let scanner = idle;
  for (const [index, key] of [...EAN].entries()) scanner = feed(scanner, { key, at: index * 5 }).scanner;
  scanner = feed(scanner, { key: "Enter", at: 65 }).scanner;
  assert.equal(feed(scanner, { key: "Enter", at: 70 }).code, "");
  assert.equal(feed(scanner, { key: "Enter", at: 700 }).code, undefined);
});

test("a key that is held down is not a scan", () => {
  let scanner = feed(idle, { key: "1", at: 0 }).scanner;
  for (let at = 30; at < 300; at += 30) scanner = feed(scanner, { key: "0", at, repeat: true }).scanner;
  assert.equal(feed(scanner, { key: "Enter", at: 330 }).code, undefined);
});

test("a key that no scanner sends starts again", () => {
  const { scanner } = feed({ ...idle, typed: "899100", at: 0 }, { key: "Backspace", at: 5 });
  assert.equal(scanner, idle);
});

test("fast keys are recognized before the scan ends", () => {
  const first = feed(idle, { key: "1", at: 0 });
  assert.equal(first.isFast, false);
  assert.equal(feed(first.scanner, { key: " ", at: 60 }).isFast, true);
  assert.equal(feed(first.scanner, { key: " ", at: 150 }).isFast, false);
});
