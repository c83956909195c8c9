import type { SessionBody } from "@onegate/contract";
import { api } from "./api.ts";
import { checkedToTill, step, toStored, type Event } from "./machine.ts";
import { createStore, kept, useStore } from "./store.ts";

const tillPlace = kept(localStorage, "onegate.till.1");
const sessionPlace = kept(sessionStorage, "onegate.session.1");

function readSession(): SessionBody | null {
  try {
    const session = JSON.parse(sessionPlace.read() ?? "null") as SessionBody | null;
    return session && Date.parse(session.expires_at) > Date.now() ? session : null;
  } catch {
    return null;
  }
}

export const session = createStore(readSession(), (value) => sessionPlace.write(value && JSON.stringify(value)));

/** The state of this till. It is on disk before a screen shows it or a request leaves. */
export const till = createStore(checkedToTill(tillPlace.read()), (value) => tillPlace.write(toStored(value)));

/** Where the till was when this page opened. */
export const atStart = till.get();

export function dispatch(event: Event): void {
  till.set(step(till.get(), event));
}

export function unlock(opened: SessionBody): void {
  session.set(opened);
  dispatch({ type: "unlock" });
}

export function lock(): void {
  const token = session.get()?.token;
  dispatch({ type: "lock" });
  session.set(null);
  if (token !== undefined) api.lock(token).catch(() => undefined);
}

if (session.get() === null) dispatch({ type: "lock" });
if (till.get().at === "locked") session.set(null);

export const useTill = () => useStore(till);
export const useSession = () => useStore(session);
