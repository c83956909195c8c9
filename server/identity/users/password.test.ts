import { isRefusal } from "@onegate/contract";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "../../kernel/index.ts";
import { checkedToPassword, createPasswords } from "./password.ts";

describe("a password", () => {
  const names = { username: "andi.contoh", email: "andi@contoh.invalid", phone: "+6281200000001" };
  const code = async (password: string) => {
    const checked = await checkedToPassword(password, names);
    return isRefusal(checked) ? checked.refusal : "good";
  };

  it("a password of a common Indonesian word is refused, with digits and signs around it too", async () => {
    const common = [
      "rahasia123",
      "Rahasia123!",
      "rahasia2024",
      "sayangkamu",
      "sayangku",
      "Sayangku123",
      "alhamdulillah",
      "bismillah",
      "Bismillah99",
      "cintaku1",
      "akucintakamu",
      "indonesia",
      "Indonesia45",
      "merdeka17",
      "jakarta123",
      "bandung1",
      "persib1933",
      "garuda12",
      "katasandi",
      "rahasiaku",
      "muhammad1",
      "siti12345",
      "budi1234",
      "sayang123456",
      "terimakasih",
      "selamatpagi",
      "mamapapa",
      "qwerty12",
      "p4ssw0rd",
      "r4h4s14123",
      "andi.contoh1",
    ];
    const passed: string[] = [];
    for (const password of common) if ((await code(password)) !== "password_common") passed.push(password);
    assert.deepEqual(passed, []);
  });

  it("a password of several unrelated words, or of none, is accepted", async () => {
    for (const password of [
      "Senja-di-Lembang-77",
      "kucing lompat sembilan pagar",
      "gerobak-tukang-kipas-miring",
      "Tr4mp0lin&Ubur2",
      "x7#Lq9vTzW",
      "lemari biru makan petir",
    ])
      assert.equal(await code(password), "good", password);
  });
});

describe("passwords that wait to be hashed", () => {
  it("waiting hashes take turns by network, and a flood is refused beyond its share", async () => {
    const passwords = createPasswords(createMetrics());
    const served: string[] = [];
    const ask = (network: string) =>
      passwords.hash("Senja-di-Lembang-77", network).then(() => served.push(network));
    const all: Array<Promise<unknown>> = [];
    while (!passwords.isFull("flood")) all.push(ask("flood"));
    assert.ok(all.length >= 51 && all.length <= 52, `${all.length} of one network run or wait`);
    assert.equal(passwords.isFull("guest"), false);
    all.push(ask("guest"));
    await Promise.all(all);
    assert.ok(
      served.indexOf("guest") < 6,
      `the guest was served as number ${served.indexOf("guest") + 1} of ${served.length}`,
    );
    assert.equal(passwords.isFull("flood"), false);
  });
});
