import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "../../kernel/index.ts";
import { createPasswords } from "./password.ts";

describe("passwords that wait to be hashed", () => {
  it("take turns by network: a flood from one keeps nobody of another waiting, and is refused beyond its share", async () => {
    const passwords = createPasswords(createMetrics());
    const served: string[] = [];
    const ask = (network: string) => passwords.hash("Senja-di-Lembang-77", network).then(() => served.push(network));
    const all: Array<Promise<unknown>> = [];
    while (!passwords.isFull("flood")) all.push(ask("flood"));
    assert.ok(all.length >= 51 && all.length <= 52, `${all.length} of one network run or wait`);
    assert.equal(passwords.isFull("guest"), false);
    all.push(ask("guest"));
    await Promise.all(all);
    assert.ok(served.indexOf("guest") < 6, `the guest was served as number ${served.indexOf("guest") + 1} of ${served.length}`);
    assert.equal(passwords.isFull("flood"), false);
  });
});
