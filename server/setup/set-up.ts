import { checkedToMinor, IDR, isRefusal, newId, refuse, type Id, type NewStaffBody, type Refusal, type SetupBody } from "@onegate/contract";
import { insertCategory, insertProduct, isEan13, type Product } from "../catalogue/index.ts";
import {
  checkedToLogo, codeHash, countGuess, enrolIn, forgetGuesses, hashSecret, insertLogo, insertMerchant, insertStaff, isSecret, isSimplePin, isTimeZone, markKnown, openOutlet, openSession, retireDevice, type Enrolled, type Session,
} from "../identity/index.ts";
import { announce, codeOf, inTransaction, type Database, type Tx } from "../kernel/index.ts";
import { chartOf, openAccounts } from "../ledger/index.ts";
import { moveStock } from "../stock/index.ts";
import { createHash } from "node:crypto";
import { insertDone, selectDone, updateDevice, useSetupCode, type Done } from "./store.ts";

export type Setup = {
  readonly database: Database;
  /** Whether a code is asked for: in production. */
  readonly isCodeNeeded: boolean;
  /** Names of the providers that every merchant's chart has an account for. */
  readonly providers: readonly string[];
};

export type SetUp = Enrolled & { readonly session: Session; readonly replayed: boolean };

const NO_CATEGORY = "Umum";
const DEVICE = "Kasir 1";

/**
 * Sets a shop up in one transaction: merchant, outlet, tax, logo, books, owner, staff, products with what is on hand; the
 * browser that asks is enrolled and its owner signed in. The same key within an hour, with the owner's PIN, is the same shop:
 * the browser is enrolled anew, because what was answered is kept nowhere. Refuses `idempotency_key_reused`,
 * `time_zone_unknown`, `logo_invalid`, `pin_too_simple`, `request_invalid` and those of an amount for a product,
 * `sign_in_delayed`, `setup_code_wrong`.
 */
export async function setUp(setup: Setup, body: SetupBody, key: string, address: string): Promise<SetUp | Refusal> {
  const { database } = setup;
  const keyHash = createHash("sha256").update(key).digest();
  const done = await selectDone(database.kysely, keyHash);
  if (done) return comeBack(database, done, body, address);

  if (!isTimeZone(body.outlet.time_zone)) return refuse("time_zone_unknown");
  const logo = body.logo === undefined ? undefined : checkedToLogo(body.logo);
  if (isRefusal(logo)) return logo;
  const people = [{ ...body.owner, role: "owner" as const }, ...(body.staff ?? [])];
  if (people.some(({ pin }) => isSimplePin(pin))) return refuse("pin_too_simple");
  const products = toProducts(body.products ?? []);
  if (isRefusal(products)) return products;
  const code = setup.isCodeNeeded ? codeHash(body.code ?? "") : undefined;
  if (setup.isCodeNeeded) {
    const delayed = await countGuess(database, address);
    if (delayed) return delayed;
    if (!code) return refuse("setup_code_wrong");
  }
  const hashed: Hashed[] = [];
  for (const { name, role, pin } of people) hashed.push({ staffId: newId(), name, role: role ?? "cashier", pinHash: await hashSecret(pin) });

  try {
    return await inTransaction<SetUp | Refusal>(database, async (tx) => {
      if (code) {
        if (!(await useSetupCode(tx, code))) return refuse("setup_code_wrong");
        await forgetGuesses(tx, address);
      }
      return { ...(await write(tx, setup, { body, logo, hashed, products, keyHash }, address)), replayed: false };
    });
  } catch (error) {
    // a twin with the same key was faster; this one is undone
    const twin = codeOf(error) === "23505" ? await selectDone(database.kysely, keyHash) : undefined;
    if (!twin) throw error;
    return comeBack(database, twin, body, address);
  }
}

type Hashed = { readonly staffId: Id; readonly name: string; readonly role: NonNullable<NewStaffBody["role"]>; readonly pinHash: string };
type NewProduct = Omit<Product, "categoryId"> & { readonly category: string; readonly stock: number };
type Checked = { readonly body: SetupBody; readonly logo: ReturnType<typeof checkedToLogo> | undefined; readonly hashed: readonly Hashed[]; readonly products: readonly NewProduct[]; readonly keyHash: Buffer };

async function write(tx: Tx, { providers }: Setup, { body, logo, hashed, products, keyHash }: Checked, address: string): Promise<Enrolled & { session: Session }> {
  const merchant = { merchantId: newId(), name: body.merchant.name, currency: IDR, isDemo: false };
  const { merchantId } = merchant;
  await insertMerchant(tx, merchant);
  await openAccounts(tx, merchantId, chartOf(merchantId, IDR, providers, []));
  const { outletId } = await openOutlet(tx, merchant, { ...body.outlet, tax: body.tax });
  if (logo && !isRefusal(logo)) await insertLogo(tx, merchantId, { ...logo, logoId: newId() });
  for (const { pinHash, ...person } of hashed) await insertStaff(tx, merchantId, outletId, person, pinHash);
  await stockUp(tx, merchantId, outletId, products);

  const [owner] = hashed;
  if (!owner) throw new Error("a shop has an owner");
  const enrolled = await enrolIn(tx, { merchantId, outletId, name: DEVICE, enrolledBy: null, lastAddress: address });
  const { deviceId } = enrolled.device;
  await markKnown(tx, { merchantId, staffId: owner.staffId, deviceId });
  const session = await openSession(tx, enrolled.device, owner.staffId, address);
  if (isRefusal(session)) throw new Error(`the owner of a new shop was refused: ${session.refusal}`);
  await insertDone(tx, keyHash, { merchantId, outletId, ownerId: owner.staffId, deviceId });
  await announce(tx, merchantId, "setup.done", merchantId, { merchant_id: merchantId, outlet_id: outletId, owner_id: owner.staffId, device_id: deviceId, staff: hashed.length, products: products.length });
  return { ...enrolled, session };
}

async function stockUp(tx: Tx, merchantId: Id, outletId: Id, products: readonly NewProduct[]): Promise<void> {
  const categories = new Map<string, Id>();
  for (const { category } of products) if (!categories.has(category)) categories.set(category, newId());
  let rank = 0;
  for (const [name, categoryId] of categories) await insertCategory(tx, merchantId, { categoryId, name }, rank++);
  for (const [index, { category, stock: _, ...product }] of products.entries()) {
    await insertProduct(tx, merchantId, { ...product, categoryId: categories.get(category) ?? "" }, index);
  }
  const counted = products.filter(({ stock }) => stock > 0);
  if (counted.length > 0) await moveStock(tx, merchantId, outletId, newId(), counted.map(({ productId, stock }) => ({ movementId: newId(), productId, kind: "count", quantity: stock })));
}

function toProducts(given: NonNullable<SetupBody["products"]>): NewProduct[] | Refusal {
  const barcodes = new Set<string>();
  const products: NewProduct[] = [];
  for (const [index, { name, price, category = NO_CATEGORY, barcode = null, stock = 0 }] of given.entries()) {
    const minor = checkedToMinor(price, IDR);
    if (isRefusal(minor)) return refuse(minor.refusal, { ...minor.params, field: `body/products/${index}/price` });
    if (minor < 0n) return refuse("amount_not_positive", { field: `body/products/${index}/price` });
    if (barcode !== null && (!isEan13(barcode) || barcodes.has(barcode))) return refuse("request_invalid", { field: `body/products/${index}/barcode`, problem: "is no EAN-13, or stands twice" });
    if (barcode !== null) barcodes.add(barcode);
    products.push({ productId: newId(), name, price: minor, category, barcode, picture: null, isFavourite: false, stock });
  }
  return products;
}

/** Enrols the browser of a shop that is set up already anew, in the place of the device whose token may have been lost. */
async function comeBack(database: Database, done: Done, body: SetupBody, address: string): Promise<SetUp | Refusal> {
  const { merchantId, outletId, ownerId } = done;
  const delayed = await countGuess(database, address);
  if (delayed) return delayed;
  if (!done.isRecent || done.name !== body.merchant.name || !(await isSecret(body.owner.pin, done.ownerPin))) return refuse("idempotency_key_reused");
  return inTransaction<SetUp | Refusal>(database, async (tx) => {
    await forgetGuesses(tx, address);
    await retireDevice(tx, merchantId, done.deviceId, ownerId);
    const enrolled = await enrolIn(tx, { merchantId, outletId, name: DEVICE, enrolledBy: ownerId, lastAddress: address });
    await updateDevice(tx, merchantId, enrolled.device.deviceId);
    await markKnown(tx, { merchantId, staffId: ownerId, deviceId: enrolled.device.deviceId });
    const session = await openSession(tx, enrolled.device, ownerId, address, done.ownerPin);
    return isRefusal(session) ? session : { ...enrolled, session, replayed: true };
  });
}
