import { useSyncExternalStore } from "react";

/** The current page: the part of the address after `#`, so reload, back and bookmarks lead to it. */
const read = () => location.hash.slice(1);

const subscribe = (listener: () => void) => {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
};

export const usePlace = () => useSyncExternalStore(subscribe, read);

export function go(place: string): void {
  location.hash = place;
}
