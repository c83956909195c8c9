import type { CatalogueBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { DEMO_OUTLET } from "../../server/demo/index.ts";
import { TILL } from "../../server/till-build.ts";
import { openTestProgram, type TestProgram } from "../../server/testing/program.ts";
import { launchChromium, openPhone, press } from "./phone.ts";

const PRINTED =
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI" +
  "51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI" +
  "5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";

let program: TestProgram;
let browser: Browser;
let page: Page;

before(async () => {
  program = await openTestProgram({ till: TILL });
  const owner = await program.unlock("Ratna", "333333");
  await program.call("PUT", `/api/v1/outlets/${DEMO_OUTLET}/static-qris`, {
    token: owner,
    body: { payload: PRINTED },
  });
  const { body } = await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: owner });
  for (const [name, amount] of [
    ["Latte", "999999999.00"],
    ["Kopi Susu", "9999999.00"],
  ] as const) {
    const id = body.products.find((product) => product.name === name)?.id;
    const changed = await program.call("PATCH", `/api/v1/products/${id}`, {
      token: owner,
      body: { price: { amount, currency: "IDR" } },
    });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
  }
  browser = await launchChromium();
  page = await openPhone(browser);
  await page.goto(program.url);
  await button("Ratna").click();
  await press(page, "333333");
});
after(async () => {
  await browser.close();
  await program.close();
});

const button = (name: string | RegExp) =>
  page.getByRole("button", { name }).and(page.locator(":visible")).first();

/** Sums on screen that are cut off by the screen or their container, or covered by another sum. */
const cutSums = () =>
  page.evaluate(() => {
    const shown = [...document.querySelectorAll<HTMLElement>(".amount")].filter((sum) =>
      sum.checkVisibility({ visibilityProperty: true }),
    );
    const boxes = shown.map((sum) => ({ sum, box: sum.getBoundingClientRect(), text: sum.innerText }));
    const isCut = ({ sum, box, text }: (typeof boxes)[number]) => {
      if (box.left < -0.5 || box.right > innerWidth + 0.5) {
        // a row that is swiped may extend beyond the screen
        const isSwiped = sum.closest(".quick, .chips") !== null;
        if (!isSwiped) return `${text} leaves the screen`;
      }
      for (
        let around = sum.parentElement;
        around && around !== document.body;
        around = around.parentElement
      ) {
        const { overflowX } = getComputedStyle(around);
        const edge = around.getBoundingClientRect();
        if (around.closest(".quick, .chips") === null && edge.right > innerWidth + 0.5)
          return `${text} widens .${around.className} beyond the screen`;
        if (around.matches("button") && (box.left < edge.left || box.right > edge.right))
          return `${text} leaves its button`;
        if (overflowX === "visible" || around.closest(".quick, .chips")) continue;
        if (box.left < edge.left - 0.5 || box.right > edge.right + 0.5)
          return `${text} is cut by .${around.className}`;
      }
      const over = boxes.find(
        ({ sum: other, box: at }) =>
          other !== sum &&
          !other.contains(sum) &&
          at.width > 0 &&
          Math.min(at.right, box.right) - Math.max(at.left, box.left) > 1 &&
          Math.min(at.bottom, box.bottom) - Math.max(at.top, box.top) > 4 &&
          sum.closest("dialog") === other.closest("dialog") &&
          sum.closest(".cart-bar") === other.closest(".cart-bar"),
      );
      return over ? `${text} meets ${over.text}` : undefined;
    };
    const low = [...document.querySelectorAll(".quick")]
      .filter((row) => row.scrollHeight > row.clientHeight + 1)
      .map(() => "the row of notes is cut");
    const wide =
      document.documentElement.scrollWidth > innerWidth ? ["the page is wider than the screen"] : [];
    return [...wide, ...low, ...boxes.filter(({ box }) => box.width > 0).flatMap((one) => isCut(one) ?? [])];
  });

/** The sums that were cut off on the screens of one test. */
let cut: string[] = [];

async function look(name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  for (const colorScheme of folder ? (["light", "dark"] as const) : []) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder ?? "", `large-${name}-${colorScheme}.png`) });
  }
  cut.push(...(await cutSums()).map((what) => `${name}: ${what}`));
}

function assertNoneCut(): void {
  const all = cut;
  cut = [];
  assert.deepEqual(all, []);
}

describe("sums of hundreds of millions, on a phone of 360 by 640 pixels", () => {
  it("are fully visible in the product list, the bar and the cart", async () => {
    await button(/^Latte/).click();
    await page.locator(".cart-bar .amount").waitFor();
    await look("sell");
    await button("Lihat keranjang").click();
    await page.getByRole("dialog").waitFor();
    await look("cart");
    await page.getByRole("button", { name: "Tutup" }).click();
    assertNoneCut();
  });

  it("are fully visible while paying in cash, also with an absurd amount of change", async () => {
    await button(/^Bayar/).click();
    await button(/Uang pas/).waitFor();
    await look("pay");
    await press(page, "9999999999");
    await look("pay-change");
    await button(/^Terima/).click();
    await page.getByRole("dialog").waitFor();
    await look("unusual");
    await page.getByRole("button", { name: "Ya, terima" }).click();
    await page.getByText("Lunas").first().waitFor();
    await look("paid");
    await button("Transaksi baru").click();
    assertNoneCut();
  });

  it("are fully visible under a QR, and beside the printed one", async () => {
    await button(/^Kopi Susu/).click();
    await button(/^Bayar/).click();
    await button(/^QRIS$/).click();
    await page.getByRole("timer").waitFor();
    await look("qris");
    await button("Ganti cara").click();
    await button("Kembali").click();
    await program.lever("POST", "next", { call: "create", fault: "error_500" });
    await button(/^Bayar/).click();
    await button(/^QRIS$/).click();
    await button("Pakai QRIS statis toko").click();
    await page.getByText("Saifullah.id").waitFor();
    await look("static");
    await button("Bukti sudah dilihat").click();
    await page.getByText("Lunas").first().waitFor();
    await look("paid-static");
    await button("Transaksi baru").click();
    assertNoneCut();
  });

  it("are fully visible in the history, on the receipt, and in the owner's report", async () => {
    await button("Riwayat").click();
    await page.locator(".sale").first().waitFor();
    await look("history");
    await page.locator(".sale").last().click();
    await page.getByRole("dialog").locator(".struk").waitFor();
    await look("receipt");
    await button("Batalkan atau kembalikan").click();
    await page.getByRole("dialog").locator(".amount").first().waitFor();
    await look("give-back");
    await page.getByRole("button", { name: "Tutup" }).click();
    await button("Hari ini").click();
    await page.locator(".card-net .amount").first().waitFor();
    await look("today");
    await page.locator(".card-unverified").scrollIntoViewIfNeeded();
    await look("today-below");
    assertNoneCut();
  });
});
