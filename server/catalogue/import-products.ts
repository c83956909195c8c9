import { isRefusal, newId, refuse, type Id, type Refusal } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { checkedToRow, comparableName, type CheckedRow, type ProductRow } from "./product.ts";
import {
  insertCategory,
  insertProduct,
  lockCatalogue,
  selectBarcodes,
  selectCategories,
  selectLastRanks,
  selectNames,
} from "./store.ts";

/** What a shop already uses: names as `comparableName` normalises them, and barcodes. */
type Taken = { readonly names: readonly string[]; readonly barcodes: readonly string[] };

/**
 * Adds all of the products or none, in the caller's transaction; returns their ids in the order of the rows.
 * Refuses what `checkedToRows` refuses, before anything is written.
 */
export async function importProducts(
  tx: Tx,
  merchantId: Id,
  rows: readonly ProductRow[],
): Promise<Id[] | Refusal> {
  await lockCatalogue(tx, merchantId);
  const names = (await selectNames(tx, merchantId)).map(comparableName);
  const checked = checkedToRows(rows, { names, barcodes: await selectBarcodes(tx, merchantId) });
  return isRefusal(checked) ? checked : insertAll(tx, merchantId, checked);
}

/**
 * Refuses what `checkedToRow` refuses, `product_name_taken` and `barcode_taken` (in the shop, or by an
 * earlier row), each with the number of its `row`, from 1.
 */
export function checkedToRows(
  rows: readonly ProductRow[],
  taken: Taken = { names: [], barcodes: [] },
): CheckedRow[] | Refusal {
  const [names, barcodes] = [new Set(taken.names), new Set(taken.barcodes)];
  const checked: CheckedRow[] = [];
  for (const [index, unchecked] of rows.entries()) {
    const row = index + 1;
    const product = checkedToRow(unchecked);
    if (isRefusal(product)) return refuse(product.refusal, { ...product.params, row });
    if (names.has(comparableName(product.name))) return refuse("product_name_taken", { row });
    if (product.barcode !== null && barcodes.has(product.barcode)) return refuse("barcode_taken", { row });
    names.add(comparableName(product.name));
    if (product.barcode !== null) barcodes.add(product.barcode);
    checked.push(product);
  }
  return checked;
}

async function insertAll(tx: Tx, merchantId: Id, rows: readonly CheckedRow[]): Promise<Id[]> {
  const categories = await openCategories(
    tx,
    merchantId,
    rows.map(({ category }) => category),
  );
  const { product: last } = await selectLastRanks(tx, merchantId);
  const ids: Id[] = [];
  for (const [index, { name, price, category, barcode, isFavourite }] of rows.entries()) {
    const productId = newId();
    const categoryId = categories.get(comparableName(category));
    if (!categoryId) throw new Error("a named category was not created");
    await insertProduct(
      tx,
      merchantId,
      { productId, categoryId, name, price, barcode, picture: null, isFavourite },
      last + 1 + index,
    );
    ids.push(productId);
  }
  if (ids.length > 0) await announce(tx, merchantId, "product.added", ids[0] ?? "", { product_ids: ids });
  return ids;
}

/** The categories of these names; missing ones are created. The catalogue must be locked. */
export async function openCategories(
  tx: Tx,
  merchantId: Id,
  names: readonly string[],
): Promise<Map<string, Id>> {
  const known = new Map(
    (await selectCategories(tx, merchantId)).map(({ categoryId, name }) => [
      comparableName(name),
      categoryId,
    ]),
  );
  let { category: rank } = await selectLastRanks(tx, merchantId);
  for (const name of names) {
    if (known.has(comparableName(name))) continue;
    const categoryId = newId();
    await insertCategory(tx, merchantId, { categoryId, name }, (rank += 1));
    known.set(comparableName(name), categoryId);
  }
  return known;
}
