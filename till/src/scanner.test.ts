import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, idle } from "./scanner.ts";

function type(text: string, gap: number): string | undefined {
  let scanner = idle;
  let at = 1000;
  let read: string | undefined;
  for (const key of [...text, "Enter"]) {
    const fed = feed(scanner, key, (at += gap));
    scanner = fed.scanner;
    read = fed.code ?? read;
  }
  return read;
}

test("fast keys ended by Enter are a barcode", () => assert.equal(type("8991002101234", 8), "8991002101234"));

test("the same keys at the speed of hands are not", () => assert.equal(type("8991002101234", 120), undefined));

test("a few fast keys are not a barcode", () => assert.equal(type("12", 5), undefined));

test("a scan after slow typing is only the scan", () => {
  let scanner = feed(idle, "l", 0).scanner;
  scanner = feed(scanner, "a", 150).scanner;
  let at = 400;
  for (const key of "89910021") scanner = feed(scanner, key, (at += 10)).scanner;
  assert.equal(feed(scanner, "Enter", at + 10).code, "89910021");
});

test("an Enter long after the keys ends nothing", () => {
  let scanner = idle;
  for (const [index, key] of [..."89910021"].entries()) scanner = feed(scanner, key, index * 5).scanner;
  assert.equal(feed(scanner, "Enter", 900).code, undefined);
});

test("a key that no scanner sends begins anew", () => {
  const scanner = feed({ typed: "899100", at: 0 }, "Backspace", 5).scanner;
  assert.equal(scanner, idle);
});
