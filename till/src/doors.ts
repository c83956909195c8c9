import { toCode } from "./code.ts";
import { createStore, kept, useStore } from "./store.ts";

const setupPlace = kept(localStorage, "onegate.setup.open");
/** A shop is being set up in this browser; it goes on where it was left. */
export const settingUp = createStore(setupPlace.read() !== null, (open) =>
  setupPlace.write(open ? "yes" : null),
);

/** The set-up code that the program's start put into the address. */
export const setupCode = createStore<string | null>(null);

/** The code of a scanned invitation, until it was used or put aside; empty: whoever is here wants to type one. */
export const invitation = createStore<string | null>(null);

/** An owner who has nothing but a code from the server. */
export const recovering = createStore(false);

/** Takes the code out of the address: it must not stay in the history. */
function readAddress(): void {
  const [, what, code] = /^#(enrol|setup)=([0-9A-Za-z-]+)$/.exec(location.hash) ?? [];
  if (code === undefined) return;
  history.replaceState(null, "", location.pathname);
  (what === "setup" ? setupCode : invitation).set(toCode(code));
}

export function watchAddress(): void {
  readAddress();
  addEventListener("hashchange", readAddress);
}

export const useSettingUp = () => useStore(settingUp);
export const useRecovering = () => useStore(recovering);
export const useInvitation = () => useStore(invitation);
