import type { ReactNode } from "react";
import { useState } from "react";
import { useShopQuery } from "../server.ts";

export const initials = (name: string) =>
  name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.slice(0, 1))
    .join("")
    .toUpperCase();

/** The shop's logo, or `children` if there is none or it can't be loaded. */
export function ShopMark({ children }: { readonly children: ReactNode }) {
  const { data: shop } = useShopQuery();
  const [broken, setBroken] = useState<string | null>(null);
  const logo = shop?.logo ?? null;
  if (logo === null || logo === broken) return children;
  return <img className="shop-logo" src={logo} alt="" onError={() => setBroken(logo)} />;
}
