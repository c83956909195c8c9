import { findByBarcode, newId, type CatalogueBody } from "@onegate/contract";
import { useEffect } from "react";
import { showNotice } from "./notices.ts";
import { fly } from "./parts/fly.ts";
import { feed, idle } from "./scanner.ts";
import { catalogueNow } from "./server.ts";
import { play } from "./sound.ts";
import { minorOf } from "./sum.ts";
import { currentTill, dispatch } from "./till.ts";
import type { Words } from "./words.ts";

type Shelf = CatalogueBody["products"][number];

export function addProduct({ id, name, picture, price }: Shelf): void {
  dispatch({
    type: "add",
    product: { productId: id, name, picture, unitPrice: minorOf(price) },
    saleId: newId(),
  });
}

type Listener = (code: string) => void;
const listeners = new Set<Listener>();

/** Calls `listener` after each scan, so that it can undo the effect of the scanner's keys. */
export function useScanned(listener: Listener): void {
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  });
}

/**
 * Handles scanners that act as a keyboard, on every screen and with any focus. The Enter that ends a scan
 * reaches no other handler: the item is added to the cart, or a notice says why not. A text field that
 * accepts codes has `data-scan`.
 */
export function useScans(): void {
  useEffect(() => {
    let scanner = idle;
    const onKey = (event: KeyboardEvent) => {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const fed = feed(scanner, { key: event.key, at: event.timeStamp, repeat: event.repeat });
      scanner = fed.scanner;
      const field = fieldOf(event.target);
      if (field?.dataset["scan"] !== undefined) return;
      if (fed.code === undefined) {
        // a space would press a button, and a slash is a keyboard shortcut
        if (fed.isFast && !field) event.preventDefault();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (fed.code === "") return;
      for (const listener of listeners) listener(fed.code);
      take(fed.code, field !== null && field.type !== "search");
    };
    addEventListener("keydown", onKey, true);
    return () => removeEventListener("keydown", onKey, true);
  }, []);
}

const NOT_TEXT = new Set([
  "button",
  "checkbox",
  "color",
  "file",
  "image",
  "radio",
  "range",
  "reset",
  "submit",
]);

/** The text field that has the focus and receives typed text. */
function fieldOf(target: EventTarget | null): HTMLInputElement | HTMLTextAreaElement | null {
  if (target instanceof HTMLTextAreaElement) return target;
  return target instanceof HTMLInputElement && !NOT_TEXT.has(target.type) ? target : null;
}

/** Adds the item of a scanned code to the cart, or shows why not. */
function take(code: string, isInField: boolean): void {
  const now = currentTill();
  if (now.at === "locked") return lost((words) => words.scanLocked);
  if (isInField) return lost((words) => words.scanInField);
  if (now.at !== "selling" && now.at !== "paid") return lost((words) => words.scanIgnored);
  const products = catalogueNow()?.products;
  if (!products) return lost((words) => words.scanNoCatalogue);
  const product = findByBarcode(products, code);
  if (!product) return lost((words) => words.barcodeUnknown(code));
  play("scan");
  if (now.at === "paid") dispatch({ type: "next_customer" });
  addProduct(product);
  fly(null);
  showNotice({
    tone: "plain",
    text: (words) => (now.at === "paid" ? words.addedNext(product.name) : words.added(product.name)),
  });
}

function lost(text: (words: Words) => string): void {
  play("unknown");
  showNotice({ tone: "refusal", text });
}
