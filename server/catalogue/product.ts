import {
  canonicalGtin,
  checkedToMoney,
  IDR,
  isRefusal,
  refuse,
  tooLargeForOrder,
  type Id,
  type NewProductBody,
  type Refusal,
} from "@onegate/contract";

export type Product = {
  readonly productId: Id;
  readonly categoryId: Id;
  readonly name: string;
  /** Minor units of the merchant's currency. */
  readonly price: bigint;
  readonly barcode: string | null;
  readonly picture: string | null;
  readonly isFavourite: boolean;
};

/** What is no longer sold stays known: sales name it. */
export type KnownProduct = Product & { readonly isActive: boolean };

/** A product as it comes in; it stands in the category of that name, which is made where there is none. */
export type ProductRow = Pick<NewProductBody, "name" | "price" | "category" | "barcode" | "favourite">;

export type CheckedRow = {
  readonly name: string;
  readonly price: bigint;
  readonly category: string;
  readonly barcode: string | null;
  readonly isFavourite: boolean;
};

/** Where a product stands that names no category. */
export const OTHERS = "Umum";

/** Refuses `product_name_invalid`, `category_name_invalid`, what `checkedToMoney` refuses, `currency_unsupported`, `barcode_invalid`, in this order. */
export function checkedToRow(unchecked: ProductRow): CheckedRow | Refusal {
  const name = checkedToName(unchecked.name, 100);
  if (name === undefined) return refuse("product_name_invalid");
  const category = checkedToName(unchecked.category ?? OTHERS, 60);
  if (category === undefined) return refuse("category_name_invalid");
  const price = checkedToPrice(unchecked.price);
  if (typeof price !== "bigint") return price;
  const barcode = unchecked.barcode ? checkedToBarcode(unchecked.barcode) : null;
  if (isRefusal(barcode)) return barcode;
  return { name, price, category, barcode, isFavourite: unchecked.favourite ?? false };
}

/** A price in minor units; nothing costs less than nothing. */
export function checkedToPrice(unchecked: ProductRow["price"]): bigint | Refusal {
  const price = checkedToMoney(unchecked, "any");
  if (isRefusal(price)) return price;
  if (price.currency !== IDR) return refuse("currency_unsupported");
  return price.minor < 0n ? refuse("amount_not_positive") : (tooLargeForOrder(price.minor) ?? price.minor);
}

/** A GTIN in the one form in which it is kept, looked for and scanned. Refuses `barcode_invalid`. */
export function checkedToBarcode(unchecked: string): string | Refusal {
  return canonicalGtin(unchecked) ?? refuse("barcode_invalid");
}

/** One line of text as people see it; nothing when it is empty, too long or holds what can't be written. */
export function checkedToName(unchecked: string, longest: number): string | undefined {
  const name = unchecked.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
  return name !== "" && name.length <= longest && !/[\p{Cc}\p{Cs}]/u.test(name) ? name : undefined;
}

/** Two names that people would read as one. */
export function nameTaken(name: string): string {
  return name.toLocaleLowerCase("id");
}
