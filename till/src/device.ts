import type { Id } from "@onegate/contract";
import { createStore, kept, useStore } from "./store.ts";

/** What the server knows this till by. */
export type Device = {
  readonly id: Id;
  readonly name: string;
  readonly outletId: Id;
  /** Sent as `Onegate-Device`; its hash is all that the server keeps. */
  readonly token: string;
  /** The sandbox's demo shop let it in without a code. */
  readonly isDemo: boolean;
};

const place = kept(localStorage, "onegate.device.1");

function read(): Device | null {
  try {
    return JSON.parse(place.read() ?? "null") as Device | null;
  } catch {
    return null;
  }
}

export const device = createStore(read(), (value) => place.write(value && JSON.stringify(value)));

const revokedPlace = kept(localStorage, "onegate.revoked.1");
/** The server has said that this device may no longer be used; until it is connected anew. */
export const revoked = createStore(revokedPlace.read() !== null, (value) => revokedPlace.write(value ? "yes" : null));

export const useDevice = () => useStore(device);
export const useRevoked = () => useStore(revoked);
