import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "./find.ts";

test("the beginning of any word finds a product", () => assert.ok(fits("su", "Kopi susu", "Kopi")));
test("words may come in any order", () => assert.ok(fits("goreng nasi", "Nasi goreng")));
test("English words find a product with an Indonesian name", () =>
  assert.ok(fits("fried rice", "Nasi goreng")));
test("a product is found by its category too", () => assert.ok(fits("tea", "Es lemon", "Teh")));
test("a word that appears nowhere finds nothing", () => assert.ok(!fits("kopi roti", "Kopi susu", "Kopi")));
test("an empty query matches everything", () => assert.ok(fits("  ", "Klepon")));

const shelf = [
  "Kopi susu",
  "Café crème",
  "Straße",
  "Smørrebrød",
  "قهوة عربية",
  "كَبَاب",
  "Чёрный кофе",
  "黑咖啡",
  "コーヒー",
  "हिन्दी चाय",
  "กาแฟเย็น",
  "Ayam 😀",
  "Paket ٣",
  "ＬＡＴＴＥ",
  "Es krim 50%",
];
const found = (query: string) => shelf.filter((name) => fits(query, name));

test("words in every script find their product, and nothing else", () => {
  for (const [query, name] of [
    ["قهوة", "قهوة عربية"],
    ["кофе", "Чёрный кофе"],
    ["咖", "黑咖啡"],
    ["咖啡", "黑咖啡"],
    ["コーヒー", "コーヒー"],
    ["चाय", "हिन्दी चाय"],
    ["กาแฟ", "กาแฟเย็น"],
  ] as const) {
    assert.deepEqual(found(query), [name], query);
  }
});

test("a product that doesn't exist is not found, in any script", () => {
  for (const query of ["شاي", "молоко", "茶", "🍕", "ε", "~~~", "🇮🇩"])
    assert.deepEqual(found(query), [], query);
});

test("accents, case, width and vowel signs make no difference", () => {
  for (const [query, name] of [
    ["cafe", "Café crème"],
    ["CAFÉ", "Café crème"],
    ["creme", "Café crème"],
    ["strasse", "Straße"],
    ["smorre", "Smørrebrød"],
    ["кофё", "Чёрный кофе"],
    ["черный", "Чёрный кофе"],
    ["كباب", "كَبَاب"],
    ["قهوه", "قهوة عربية"],
    ["latte", "ＬＡＴＴＥ"],
  ] as const) {
    assert.deepEqual(found(query), [name], query);
  }
});

test("digits of every script are the same digits", () => {
  assert.deepEqual(found("3"), ["Paket ٣"]);
  assert.deepEqual(found("３"), ["Paket ٣"]);
  assert.deepEqual(found("५0"), ["Es krim 50%"]);
});

test("emoji and signs are found", () => {
  assert.deepEqual(found("😀"), ["Ayam 😀"]);
  assert.deepEqual(found("ayam😀"), ["Ayam 😀"]);
  assert.ok(fits("❤️", "Kopi ❤"));
  assert.deepEqual(found("%"), ["Es krim 50%"]);
});
