import type { Words } from "./words.ts";
import { createStore, useStore } from "./store.ts";

/** A short message to the user, in the language that is set. */
export type Notice = {
  readonly tone: "plain" | "refusal";
  readonly text: (words: Words, language: "id" | "en") => string;
  readonly action?: { readonly label: (words: Words) => string; readonly run: () => void };
};

const notice = createStore<Notice | null>(null);
const SHOWN_MS = { plain: 5_000, refusal: 8_000 };
let timer: ReturnType<typeof setTimeout> | undefined;

export function showNotice(next: Notice): void {
  clearTimeout(timer);
  notice.set(next);
  timer = setTimeout(() => notice.set(null), SHOWN_MS[next.tone]);
}

export function clearNotice(): void {
  clearTimeout(timer);
  notice.set(null);
}

/** Whether a sheet is open. It covers the page, so notices are then shown in the sheet. */
export const sheetOpen = createStore(false);

export const useNotice = () => useStore(notice);
