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
/** The outlet that what is under way belongs to, also while no device is known. */
const outletPlace = kept(localStorage, "onegate.outlet.1");
/** In the clear while the till is unlocked, so that a reload keeps the sale; see docs/guides/offline-unlock.md. */
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

/** What is stored is what is going on; whether a tab is locked is its own matter, and follows from its session. */
const toTill = (stored: string | null): Till => {
  const open = openOf(checkedToTill(stored));
  return session.get() === null ? { at: "locked", behind: open } : open;
};

/** The state of this till. It is on disk before a screen shows it or a request leaves. */
export const till = createStore(toTill(tillPlace.read()), (value) =>
  tillPlace.write(toStored(openOf(value))),
);

/** Where the till was when this page opened. */
export const atStart = till.get();

export const seals = createSeals({
  place: kept(localStorage, "onegate.sealed.1"),
  derive: argon2,
  ownKey: sealKey,
  now: Date.now,
});

/** Whether what is being sealed now, was. */
let sealing: Promise<boolean> = Promise.resolve(false);

/** Tabs of one browser are one till: what another tab did counts here too, before anything is decided by it. */
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
  // connected to another shop in another tab: nothing that is shown here belongs to it
  if (key === DEVICE_KEY && device.get() && (readDevice()?.id ?? device.get()?.id) !== device.get()?.id)
    location.reload();
});
addEventListener("pageshow", adopt);
document.addEventListener("visibilitychange", adopt);

/** Opens the till with a session that the server gave for `pin`, and seals a copy for when the server can't be reached. */
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

/** Ends on the server the session that the new one takes the place of. */
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

/** At once, without asking anybody. The session stays open on the server if it is sealed here, else it is ended there. */
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

/** The server no longer knows the session: what is sealed of it is worth nothing. */
export function endSession(): void {
  forget(session.get()?.staff.id);
  close();
}

/** Ends the session here and on the server; answers whether the server has heard of it. */
export async function signOut(): Promise<boolean> {
  const open = session.get();
  endSession();
  if (!open) return true;
  return api.lock(open.token).then(
    () => true,
    () => false,
  );
}

/** This till now works for the device's outlet; what another outlet left is not sold here. */
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

/** In a sandbox: from the demo shop to one's own, and back. */
export function changeShop(): void {
  const [here, there] = [device.get(), otherDevice.get()];
  close();
  belongTo(there?.outletId ?? "");
  seals.forgetAll();
  device.set(there);
  otherDevice.set(here);
}

/** What is under way at one outlet does not go to another. */
function belongTo(outletId: Id): void {
  const before = outletPlace.read();
  if (before !== null && before !== outletId) till.set(closed);
  outletPlace.write(outletId);
}

function forget(staffId: Id | undefined): void {
  if (staffId === undefined) return;
  // what is still being sealed would come after
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
