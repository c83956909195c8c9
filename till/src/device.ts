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

export const DEVICE_KEY = "onegate.device.1";
const place = kept(localStorage, DEVICE_KEY);

function read(from: typeof place): Device | null {
  try {
    return JSON.parse(from.read() ?? "null") as Device | null;
  } catch {
    return null;
  }
}

/** The device as it is stored, which another tab may have changed. */
export const readDevice = () => read(place);

export const device = createStore(read(place), (value) => place.write(value && JSON.stringify(value)));

const otherPlace = kept(localStorage, "onegate.device.other.1");
/** In a sandbox: what this browser is in its own shop while it is in the demo, and the other way round. */
export const otherDevice = createStore(read(otherPlace), (value) =>
  otherPlace.write(value && JSON.stringify(value)),
);

const revokedPlace = kept(localStorage, "onegate.revoked.1");
/** The server has said that this device may no longer be used; until it is connected anew. */
export const revoked = createStore(revokedPlace.read() !== null, (value) =>
  revokedPlace.write(value ? "yes" : null),
);

export const useDevice = () => useStore(device);
export const useRevoked = () => useStore(revoked);
