import { useSyncExternalStore } from "react";

/** A tablet or larger, where the cart has a pane of its own; the same width as in the styles. */
const wide = matchMedia("(width >= 48rem)");

export function useWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      wide.addEventListener("change", listener);
      return () => wide.removeEventListener("change", listener);
    },
    () => wide.matches,
  );
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
