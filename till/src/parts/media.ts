import { useSyncExternalStore } from "react";

/** A tablet or larger, where the cart has its own pane. The width is the same as in the style sheets. */
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
