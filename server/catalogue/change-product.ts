import {
  IDR,
  isRefusal,
  money,
  newId,
  refuse,
  toDecimal,
  type Id,
  type ProductChangeBody,
  type Refusal,
} from "@onegate/contract";
import { announceAudit, consumeApproval, type PendingApproval, type Who } from "../identity/index.ts";
import { announce, inTransaction, type Database, type Tx } from "../kernel/index.ts";
import { openCategories } from "./import-products.ts";
import {
  checkedToBarcode,
  checkedToName,
  checkedToPrice,
  comparableName,
  type KnownProduct,
} from "./product.ts";
import {
  insertPriceChange,
  lockCatalogue,
  selectBarcodes,
  selectNames,
  selectProduct,
  updateProduct,
} from "./store.ts";

type By = { readonly merchantId: Id; readonly staffId: Id; readonly who: Who };

/**
 * Changes the given fields of a product; its former prices are kept. Only a new price uses up an approval, so
 * that repeating a finished change needs none. Refuses `product_unknown`, what `checkedToRow` refuses,
 * `product_name_taken`, `barcode_taken`, and what `consumeApproval` refuses (its subject is the product, its
 * amount the new price).
 */
export async function changeProduct(
  database: Database,
  by: By,
  productId: Id,
  change: ProductChangeBody,
  approval: PendingApproval | undefined,
): Promise<KnownProduct | Refusal> {
  // every refusal comes before the first write, so nothing has to be rolled back
  return inTransaction(database, async (tx) => {
    await lockCatalogue(tx, by.merchantId);
    const before = await selectProduct(tx, by.merchantId, productId, true);
    if (!before) return refuse("product_unknown");
    const after = await checkedToChange(tx, by.merchantId, before, change);
    if (isRefusal(after)) return after;
    const approvedBy =
      after.price === before.price ? null : await consumeApproval(tx, approval, productId, after.price);
    return isRefusal(approvedBy) ? approvedBy : write(tx, by, before, after, change.category, approvedBy);
  });
}

async function checkedToChange(
  tx: Tx,
  merchantId: Id,
  before: KnownProduct,
  change: ProductChangeBody,
): Promise<KnownProduct | Refusal> {
  const name = change.name === undefined ? before.name : checkedToName(change.name, 100);
  if (name === undefined) return refuse("product_name_invalid");
  if (change.category !== undefined && checkedToName(change.category, 60) === undefined)
    return refuse("category_name_invalid");
  const price = change.price === undefined ? before.price : checkedToPrice(change.price);
  if (typeof price !== "bigint") return price;
  const barcode =
    change.barcode === undefined ? before.barcode : change.barcode && checkedToBarcode(change.barcode);
  if (isRefusal(barcode)) return barcode;
  const isActive = change.active ?? before.isActive;
  const isNewName = name !== before.name || !before.isActive;
  if (
    isActive &&
    isNewName &&
    (await selectNames(tx, merchantId, before.productId)).some(
      (other) => comparableName(other) === comparableName(name),
    )
  )
    return refuse("product_name_taken");
  if (
    barcode &&
    barcode !== before.barcode &&
    (await selectBarcodes(tx, merchantId, before.productId)).includes(barcode)
  )
    return refuse("barcode_taken");
  return {
    ...before,
    name,
    price,
    barcode: barcode || null,
    isActive,
    isFavourite: change.favourite ?? before.isFavourite,
  };
}

async function write(
  tx: Tx,
  { merchantId, staffId, who }: By,
  before: KnownProduct,
  checked: KnownProduct,
  category: string | undefined,
  approvedBy: Id | null,
): Promise<KnownProduct> {
  const { productId } = before;
  const named = category === undefined ? undefined : checkedToName(category, 60);
  const categoryId =
    named === undefined
      ? before.categoryId
      : (await openCategories(tx, merchantId, [named])).get(comparableName(named));
  if (!categoryId) throw new Error("the named category was not created");
  const after = { ...checked, categoryId };
  await updateProduct(tx, merchantId, after);
  const repriced = after.price !== before.price;
  if (repriced)
    await insertPriceChange(tx, merchantId, {
      changeId: newId(),
      productId,
      before: before.price,
      after: after.price,
      changedBy: staffId,
      approvedBy,
    });
  await announce(tx, merchantId, "product.changed", productId, {
    product_id: productId,
    changed_by: staffId,
    approved_by: approvedBy,
    ...(repriced ? { price_before: before.price.toString(), price_after: after.price.toString() } : {}),
  });
  if (repriced)
    await announceAudit(tx, who, {
      action: "price.changed",
      subject: productId,
      before: priceOf(before),
      after: { ...priceOf(after), approved_by: approvedBy },
    });
  const [was, is] = [shownOf(before), shownOf(after)];
  if (!repriced || JSON.stringify(was) !== JSON.stringify(is))
    await announceAudit(tx, who, { action: "product.changed", subject: productId, before: was, after: is });
  return after;
}

function priceOf({ price }: KnownProduct) {
  return { price: toDecimal(money(price, IDR)), currency: IDR };
}

function shownOf({ name, categoryId, barcode, isActive, isFavourite }: KnownProduct) {
  return { name, category_id: categoryId, barcode, is_active: isActive, is_favourite: isFavourite };
}
