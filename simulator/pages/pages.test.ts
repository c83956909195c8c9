import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEMO_SERVER_KEY } from "../index.ts";
import { openShop } from "../tripay/testing/shop.ts";

describe("the simulator's pages", () => {
  it("a payer pays with one button, and sees Lunas", async (t) => {
    const { simulator, create, detail } = await openShop(t);
    const { data } = await create();
    const checkout = String(data["checkout_url"]);
    const before = await (await fetch(checkout)).text();
    assert.match(before, /SIMULATOR/);
    assert.match(before, /<button class="pay">Bayar Rp 12\.500<\/button>/);
    assert.match(before, /Kedaluwarsakan[^]*Gagalkan/);
    const after = await (
      await fetch(`${checkout}/pay`, { method: "POST", body: new URLSearchParams() })
    ).text();
    assert.match(after, /Lunas/);
    assert.doesNotMatch(after, />Bayar Rp/);
    assert.equal((await detail(data["reference"]))["status"], "PAID");
    assert.match(await (await fetch(simulator.url)).text(), /Lunas/);
  });

  it("what a shop sends is text, never HTML", async (t) => {
    const { simulator, create } = await openShop(t);
    const { data } = await create({
      merchant_ref: `<img src=x onerror="alert(1)">`,
      return_url: `https://kopi.contoh/"><script>`,
    });
    for (const url of [simulator.url, String(data["checkout_url"])]) {
      const answer = await fetch(url);
      const text = await answer.text();
      assert.doesNotMatch(text, /<img src=x|"><script>/);
      assert.match(text, /&lt;img src=x onerror=&quot;/);
      assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    }
  });

  it("an unknown transaction is a page of its own", async (t) => {
    const { simulator } = await openShop(t);
    const answer = await fetch(`${simulator.url}/checkout/DEV-none`);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /tidak ada/);
  });

  it("every answer is data or a page of this server alone, and sets no cookie", async (t) => {
    const { simulator } = await openShop(t);
    for (const path of [
      "/",
      "/checkout/DEV-none",
      "/nothing",
      "/clothes.css",
      "/control/transactions",
      "/api-sandbox/merchant/payment-channel",
    ]) {
      const { headers } = await fetch(`${simulator.url}${path}`);
      assert.match(
        headers.get("content-security-policy") ?? "",
        /^default-src 'none';.*frame-ancestors 'none'$/,
        path,
      );
      assert.deepEqual(
        [headers.get("x-content-type-options"), headers.get("referrer-policy"), headers.get("set-cookie")],
        ["nosniff", "same-origin", null],
        path,
      );
    }
  });

  it("a fault is planned from the list", async (t) => {
    const { simulator, create } = await openShop(t);
    const planned = await fetch(`${simulator.url}/next`, {
      method: "POST",
      body: new URLSearchParams({ fault: "error_500" }),
    });
    assert.match(await planned.text(), /create: tidak dikerjakan, dijawab 500/);
    assert.equal((await create()).status, 500);
  });

  it("links point to the configured public URL", async (t) => {
    const { create } = await openShop(t, { publicUrl: "https://simulator.contoh/" });
    const { data } = await create();
    assert.equal(data["checkout_url"], `https://simulator.contoh/checkout/${String(data["reference"])}`);
  });

  it("a payer of any provider pays or declines on the same page", async (t) => {
    const { simulator } = await openShop(t);
    const authorization = `Basic ${Buffer.from(`${DEMO_SERVER_KEY}:`).toString("base64")}`;
    const midtrans = async (method: string, path: string, body?: object) =>
      (await (
        await fetch(`${simulator.url}/v2/${path}`, {
          method,
          headers: { authorization, "content-type": "application/json" },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      ).json()) as Record<string, unknown>;
    for (const [order, act, button, status] of [
      ["M1", "pay", "Bayar", "settlement"],
      ["M2", "fail", "Gagalkan", "deny"],
    ] as const) {
      const charged = await midtrans("POST", "charge", {
        payment_type: "gopay",
        transaction_details: { order_id: order, gross_amount: 12_500 },
      });
      const [, link] = charged["actions"] as Array<{ url: string }>;
      const page = await (await fetch(link?.url ?? "")).text();
      assert.match(page, /GoPay[^]*midtrans/);
      assert.ok(page.includes(button));
      await fetch(`${link?.url}/${act}`, { method: "POST", body: new URLSearchParams() });
      assert.equal((await midtrans("GET", `${order}/status`))["transaction_status"], status);
    }
  });
});
