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

/** Products that are no longer sold are kept, because sales refer to them. */
export type KnownProduct = Product & { readonly isActive: boolean };

/** A product as it is entered. It goes into the category of that name, which is created if it is missing. */
export type ProductRow = Pick<NewProductBody, "name" | "price" | "category" | "barcode" | "favourite">;

export type CheckedRow = {
  readonly name: string;
  readonly price: bigint;
  readonly category: string;
  readonly barcode: string | null;
  readonly isFavourite: boolean;
};

/** The category of a product that names none. */
export const OTHERS = "Umum";

/**
 * Refuses, in this order: `product_name_invalid`, `category_name_invalid`, what `checkedToMoney` refuses,
 * `currency_unsupported`, `barcode_invalid`.
 */
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

/** A price in minor units, zero or above. */
export function checkedToPrice(unchecked: ProductRow["price"]): bigint | Refusal {
  const price = checkedToMoney(unchecked, "any");
  if (isRefusal(price)) return price;
  if (price.currency !== IDR) return refuse("currency_unsupported");
  return price.minor < 0n ? refuse("amount_not_positive") : (tooLargeForOrder(price.minor) ?? price.minor);
}

/** A GTIN in the canonical form in which it is stored, searched and scanned. Refuses `barcode_invalid`. */
export function checkedToBarcode(unchecked: string): string | Refusal {
  return canonicalGtin(unchecked) ?? refuse("barcode_invalid");
}

/**
 * One line of text with its spaces normalised; undefined when it is empty, too long or has control
 * characters.
 */
export function checkedToName(unchecked: string, maxLength: number): string | undefined {
  const name = unchecked.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
  return name !== "" && name.length <= maxLength && !/[\p{Cc}\p{Cs}]/u.test(name) ? name : undefined;
}

/** The form in which names are compared: two names that differ only in case are the same. */
export function comparableName(name: string): string {
  return name.toLocaleLowerCase("id");
}
