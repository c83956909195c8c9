import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

/** The time until a change of the colour scheme is visible. */
const SETTLED_MS = 400;
const SIZES = { phone: { width: 360, height: 640 }, tablet: { width: 1024, height: 768 } } as const;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page in its own browser context with empty storage, on a phone in Jakarta. */
export async function openPhone(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: SIZES.phone,
    locale: "id-ID",
    timezoneId: "Asia/Jakarta",
    reducedMotion: "reduce",
    serviceWorkers: "block",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

export async function press(page: Page, digits: string): Promise<void> {
  for (const digit of digits) await page.getByRole("button", { name: digit, exact: true }).click();
}

/**
 * Acts as a scanner: a key every `gapMs`, then Enter. The keys carry their own timestamps, so a busy machine
 * doesn't change the gaps.
 */
export async function scan(page: Page, barcode: string, gapMs = 10): Promise<void> {
  const keyboard = await page.context().newCDPSession(page);
  const begun = Date.now() / 1000;
  const gap = gapMs / 1000;
  const keys = [...barcode].map((key) => ({
    key,
    code: `Digit${key}`,
    text: key,
    windowsVirtualKeyCode: key.charCodeAt(0),
  }));
  const presses = [...keys, { key: "Enter", code: "Enter", text: "\r", windowsVirtualKeyCode: 13 }];
  await Promise.all(
    presses.flatMap((key, place) => [
      keyboard.send("Input.dispatchKeyEvent", { type: "keyDown", timestamp: begun + place * gap, ...key }),
      keyboard.send("Input.dispatchKeyEvent", {
        type: "keyUp",
        timestamp: begun + place * gap + gap / 2,
        ...key,
      }),
    ]),
  );
  await keyboard.detach();
}

/** Saves screenshots, light and dark, on a phone and a tablet, in the folder named by `SCREENSHOTS`. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(SETTLED_MS);
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
    }
  }
  await page.setViewportSize(SIZES.phone);
  await page.emulateMedia({ colorScheme: null });
}
