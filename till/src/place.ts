import { useSyncExternalStore } from "react";

/** Where in the till we are: what stands after `#`, so that reload, back and a bookmark lead to the same page. */
const read = () => location.hash.slice(1);

const subscribe = (listener: () => void) => {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
};

export const usePlace = () => useSyncExternalStore(subscribe, read);

export function go(place: string): void {
  location.hash = place;
}
