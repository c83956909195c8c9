import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "./find.ts";

test("the beginning of any word finds a product", () => assert.ok(fits("su", "Kopi susu", "Kopi")));
test("words may come in any order", () => assert.ok(fits("goreng nasi", "Nasi goreng")));
test("English finds what has an Indonesian name", () => assert.ok(fits("fried rice", "Nasi goreng")));
test("its category finds it too", () => assert.ok(fits("tea", "Es lemon", "Teh")));
test("a word that is nowhere finds nothing", () => assert.ok(!fits("kopi roti", "Kopi susu", "Kopi")));
test("no words fit everything", () => assert.ok(fits("  ", "Klepon")));
