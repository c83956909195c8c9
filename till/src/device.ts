import type { Id } from "@onegate/contract";
import { createStore, kept, useStore } from "./store.ts";

/** This till's identity at the server. */
export type Device = {
  readonly id: Id;
  readonly name: string;
  readonly outletId: Id;
  /** Sent as `Onegate-Device`. The server keeps only its hash. */
  readonly token: string;
  /** Enrolled without a code, in the demo shop of a sandbox. */
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

/** The stored device, which another tab may have changed. */
export const readDevice = () => read(place);

export const device = createStore(read(place), (value) => place.write(value && JSON.stringify(value)));

const otherPlace = kept(localStorage, "onegate.device.other.1");
/** In a sandbox: this browser's device in its own shop while it uses the demo shop, or the reverse. */
export const otherDevice = createStore(read(otherPlace), (value) =>
  otherPlace.write(value && JSON.stringify(value)),
);

const revokedPlace = kept(localStorage, "onegate.revoked.1");
/** Whether the server has revoked this device; reset when the device is enrolled again. */
export const revoked = createStore(revokedPlace.read() !== null, (value) =>
  revokedPlace.write(value ? "yes" : null),
);

export const useDevice = () => useStore(device);
export const useRevoked = () => useStore(revoked);
