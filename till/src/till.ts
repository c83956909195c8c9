import type { EnrolledBody, Id, SessionBody } from "@onegate/contract";
import { api } from "./api.ts";
import { argon2 } from "./argon2.ts";
import { device, DEVICE_KEY, otherDevice, readDevice, revoked } from "./device.ts";
import { checkedToTill, closed, openOf, step, toStored, type Event, type Till } from "./machine.ts";
import { sealKey } from "./seal-key.ts";
import { createSeals } from "./sealed.ts";
import { createStore, kept, useStore } from "./store.ts";

const TILL_KEY = "onegate.till.1";
const tillPlace = kept(localStorage, TILL_KEY);
/** The outlet to which the stored till belongs, also while no device is known. */
const outletPlace = kept(localStorage, "onegate.outlet.1");
/** Stored in the clear while unlocked, so that a reload keeps it; see docs/guides/offline-unlock.md. */
const sessionPlace = kept(sessionStorage, "onegate.session.1");

function readSession(): SessionBody | null {
  try {
    const session = JSON.parse(sessionPlace.read() ?? "null") as SessionBody | null;
    return session && Date.parse(session.expires_at) > Date.now() ? session : null;
  } catch {
    return null;
  }
}

export const session = createStore(readSession(), (value) =>
  sessionPlace.write(value && JSON.stringify(value)),
);

/** The stored till is always open. Each tab is locked or not by its own session. */
const toTill = (stored: string | null): Till => {
  const open = openOf(checkedToTill(stored));
  return session.get() === null ? { at: "locked", behind: open } : open;
};

/** The state of this till. It is on disk before a screen shows it or a request is sent. */
export const till = createStore(toTill(tillPlace.read()), (value) =>
  tillPlace.write(toStored(openOf(value))),
);

/** The state of the till when this page was opened. */
export const atStart = till.get();

export const seals = createSeals({
  place: kept(localStorage, "onegate.sealed.1"),
  derive: argon2,
  ownKey: sealKey,
  now: Date.now,
});

/** Resolves when the latest sealing has ended, to whether it succeeded. */
let sealing: Promise<boolean> = Promise.resolve(false);

/** Tabs of one browser are one till: this takes over the state that another tab has stored. */
function adopt(): void {
  const stored = tillPlace.read();
  if (stored !== null && stored !== toStored(openOf(till.get()))) till.adopt(toTill(stored));
}

/** The till as it is now, whichever tab changed it last. */
export function currentTill(): Till {
  adopt();
  return till.get();
}

export function dispatch(event: Event): void {
  till.set(step(currentTill(), event));
}

addEventListener("storage", ({ key }) => {
  if (key === TILL_KEY) adopt();
  // another tab was connected to another shop: nothing shown here belongs to it
  if (key === DEVICE_KEY && device.get() && (readDevice()?.id ?? device.get()?.id) !== device.get()?.id)
    location.reload();
});
addEventListener("pageshow", adopt);
document.addEventListener("visibilitychange", adopt);

/** Opens the till with a session that the server gave for `pin`, and seals a copy for offline use. */
export function unlock(opened: SessionBody, pin: string): void {
  session.set(opened);
  dispatch({ type: "unlock" });
  sealing = endOlder(opened.staff.id, pin)
    .then(() => seals.keep(opened, pin))
    .then(
      () => true,
      () => false,
    );
}

/** Ends, on the server, the older session that the new one replaces. */
async function endOlder(staffId: Id, pin: string): Promise<void> {
  const older = await seals.open(staffId, pin);
  if (older.is === "open") api.lock(older.session.token).catch(() => undefined);
}

/** Opens the till with a session that was sealed. */
export function unlockSealed(opened: SessionBody): void {
  sealing = Promise.resolve(true);
  session.set(opened);
  dispatch({ type: "unlock" });
}

/**
 * Locks the till at once, without confirmation. The session stays open on the server if it is sealed here;
 * otherwise it is ended there.
 */
export function lock(): void {
  const open = session.get();
  close();
  if (!open) return;
  void endUnsealed(open);
}

async function endUnsealed(open: SessionBody): Promise<void> {
  const isSealed = (await sealing) || seals.has(open.staff.id);
  if (!isSealed) await api.lock(open.token).catch(() => undefined);
}

/** Locks the till and deletes the sealed copy of its session, which the server no longer knows. */
export function endSession(): void {
  forget(session.get()?.staff.id);
  close();
}

/** Ends the session here and on the server. Resolves to whether the server has confirmed. */
export async function signOut(): Promise<boolean> {
  const open = session.get();
  endSession();
  if (!open) return true;
  return api.lock(open.token).then(
    () => true,
    () => false,
  );
}

/** Connects this till to the device's outlet. A cart of another outlet is dropped. */
export function connect(
  { device: { id, name, outlet_id: outletId }, token }: EnrolledBody,
  isDemo: boolean,
): void {
  const before = device.get();
  belongTo(outletId);
  if (before && before.isDemo !== isDemo) otherDevice.set(before);
  close();
  seals.forgetAll();
  device.set({ id, name, outletId, token, isDemo });
  revoked.set(false);
}

/** In a sandbox: switches between the demo shop and the user's own shop. */
export function changeShop(): void {
  const [here, there] = [device.get(), otherDevice.get()];
  close();
  belongTo(there?.outletId ?? "");
  seals.forgetAll();
  device.set(there);
  otherDevice.set(here);
}

/** Drops the current cart or sale if it belongs to another outlet. */
function belongTo(outletId: Id): void {
  const before = outletPlace.read();
  if (before !== null && before !== outletId) till.set(closed);
  outletPlace.write(outletId);
}

function forget(staffId: Id | undefined): void {
  if (staffId === undefined) return;
  // again once a sealing that is still under way has ended
  void sealing.then(() => seals.forget(staffId));
  seals.forget(staffId);
}

function close(): void {
  session.set(null);
  dispatch({ type: "lock" });
}

revoked.subscribe(() => {
  if (!revoked.get()) return;
  void sealing.then(() => seals.forgetAll());
  seals.forgetAll();
  close();
});

export const useTill = () => useStore(till);
export const useSession = () => useStore(session);
