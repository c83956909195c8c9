import { toCode } from "./code.ts";
import { createStore, kept, useStore } from "./store.ts";

const setupPlace = kept(localStorage, "onegate.setup.open");
/** Whether a shop is being set up in this browser; the set-up resumes where it was left. */
export const settingUp = createStore(setupPlace.read() !== null, (open) =>
  setupPlace.write(open ? "yes" : null),
);

/** The set-up code from the address that the program prints when it starts. */
export const setupCode = createStore<string | null>(null);

/** The code of a scanned invitation until it is used or dismissed; empty if the user wants to type a code. */
export const invitation = createStore<string | null>(null);

/** Whether an owner without a device or PIN is signing in with a code from the server. */
export const recovering = createStore(false);

/** Reads the code from the address and removes it there, so that it doesn't stay in the browser's history. */
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
