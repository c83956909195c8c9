import { IDR, money, toText } from "@onegate/contract";
import { useShopQuery } from "../server.ts";
import { useSettings } from "../settings.ts";
import { currencyOf } from "../sum.ts";

type Look = "list" | "title" | "total";

/** The text of a sum in the shop's currency and the till's language. */
export function useAmountText(): (minor: bigint) => string {
  const { language } = useSettings();
  const { data: shop } = useShopQuery();
  const currency = shop ? currencyOf(shop) : IDR;
  return (minor) => toText(money(minor, currency), language);
}

/** The only component that turns minor units into text. */
export function Amount({ minor, look = "list" }: { readonly minor: bigint; readonly look?: Look }) {
  const text = useAmountText()(minor);
  const [symbol = "", figures = ""] = text.split(" ");
  return (
    <span className={`amount amount-${look}`}>
      <span className="amount-symbol">{symbol}</span> {figures}
    </span>
  );
}
