import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHostCheck } from "./hosts.ts";

const check = createHostCheck({
  publicUrl: "https://toko.contoh.invalid:8443",
  hosts: ["onegate.internal"],
  corsOrigins: ["https://partner.contoh.invalid"],
});
const refusalOf = (headers: Record<string, string>, method = "GET") => check(method, headers)?.refusal;

describe("the Host header of a request", () => {
  it("may name this machine, an IP address or a configured host", () => {
    for (const host of [
      "localhost",
      "localhost:8080",
      "LOCALHOST",
      "localhost.",
      "kasir.localhost:8080",
      "127.0.0.1:8080",
      "192.168.1.20",
      "[::1]:8080",
      "[fe80::1]",
      "toko.contoh.invalid",
      "toko.contoh.invalid:8443",
      "onegate.internal:80",
    ]) {
      assert.equal(refusalOf({ host }), undefined, host);
    }
  });

  it("may name no other host, so that DNS rebinding fails", () => {
    for (const host of [
      "jahat.contoh.invalid",
      "localhost.jahat.invalid",
      "127.0.0.1.jahat.invalid",
      "toko.contoh.invalid.jahat.invalid",
      "xlocalhost",
      "127.0.0.1@jahat.invalid",
      "jahat.invalid#localhost",
      "",
      "[::1",
      "localhost:8080:1",
      "0x7f000001",
      "2130706433",
    ]) {
      assert.equal(refusalOf({ host }), "host_unknown", host);
    }
  });
});

describe("a page of another site", () => {
  it("can't change anything unless its origin is listed", () => {
    for (const origin of [
      "https://jahat.contoh.invalid",
      "null",
      "http://localhost.jahat.invalid:8080",
      "file://",
    ]) {
      assert.equal(refusalOf({ host: "localhost", origin }, "POST"), "origin_unknown", origin);
      assert.equal(
        refusalOf({ host: "localhost", origin }, "GET"),
        undefined,
        "reads are allowed: the browser hides the response from the page",
      );
    }
    for (const origin of [
      "https://partner.contoh.invalid",
      "https://toko.contoh.invalid:8443",
      "http://localhost:5173",
      "http://192.168.1.20:8080",
      "http://[::1]:8080",
    ]) {
      assert.equal(refusalOf({ host: "localhost", origin }, "POST"), undefined, origin);
    }
  });
});
