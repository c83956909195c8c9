import {
  IDR,
  isRefusal,
  newId,
  refuse,
  type Id,
  type NewStaffBody,
  type Refusal,
  type SetupBody,
} from "@onegate/contract";
import { checkedToRows, importProducts, type ProductRow } from "../catalogue/index.ts";
import {
  announceAudit,
  atDevice,
  bySystem,
  checkedToLogo,
  codeHash,
  countGuess,
  enrolIn,
  forgetGuesses,
  hashSecret,
  insertLogo,
  insertMerchant,
  insertStaff,
  isGuessablePin,
  markKnown,
  openOutlet,
  openSession,
  provePin,
  refusalForDays,
  retireDevice,
  type Enrolled,
  type Session,
} from "../identity/index.ts";
import { codeOf, inTransaction, type Database, type Tx } from "../kernel/index.ts";
import { chartOf, openAccounts } from "../ledger/index.ts";
import { moveStock } from "../stock/index.ts";
import { createHash } from "node:crypto";
import { insertDone, isSetupCode, selectDone, updateDevice, useSetupCode, type Done } from "./store.ts";

export type Setup = {
  readonly database: Database;
  /**
   * Whether a code is required: in production always, in the sandbox only for requests from another machine.
   */
  readonly isCodeNeeded: (isLocal: boolean) => boolean;
  /** Names of the providers that get an account in every merchant's chart. */
  readonly providers: readonly string[];
};

export type SetUp = Enrolled & { readonly session: Session; readonly replayed: boolean };

export type SetupCaller = {
  readonly key: string;
  readonly code: string;
  readonly address: string;
  readonly isLocal: boolean;
};

const DEVICE = "Kasir 1";

const hashOf = (key: string) => createHash("sha256").update(key).digest();

/**
 * Checks from the headers alone whether a caller may set up a shop: by a valid code, or by the key of a
 * finished set-up, where the owner's PIN is checked later. Refuses `sign_in_delayed`, `setup_code_wrong`.
 */
export async function checkSetupCode(
  { database, isCodeNeeded }: Setup,
  { key, code, address, isLocal }: SetupCaller,
): Promise<Refusal | undefined> {
  if (!isCodeNeeded(isLocal) || (await selectDone(database.kysely, hashOf(key)))) return undefined;
  const delayed = await countGuess(database, address);
  if (delayed) return delayed;
  const hash = codeHash(code);
  if (!hash || !(await isSetupCode(database.kysely, hash))) return refuse("setup_code_wrong");
  // the code is valid, so this was not a guess
  await inTransaction(database, (tx) => forgetGuesses(tx, address));
  return undefined;
}

/**
 * Sets a shop up in one transaction: merchant, outlet, tax, logo, books, owner, staff, products and their
 * stock. The calling browser is enrolled and the owner signed in. A repeat with the same key within an hour
 * and the owner's PIN returns the same shop; the browser is enrolled again, because the first answer with its
 * token is not stored. Refuses `idempotency_key_reused`, `time_zone_unknown`, `day_begins_late`,
 * `logo_invalid`, `pin_too_simple`, what `checkedToRows` refuses, `setup_code_wrong`; for a repeat also
 * `sign_in_delayed` and what `provePin` refuses.
 */
export async function setUp(
  setup: Setup,
  body: SetupBody,
  { key, code: unchecked, address, isLocal }: SetupCaller,
): Promise<SetUp | Refusal> {
  const { database } = setup;
  const keyHash = hashOf(key);
  const done = await selectDone(database.kysely, keyHash);
  if (done) return comeBack(database, done, body, address);

  const refusal = refusalForDays(body.outlet);
  if (refusal) return refusal;
  const logo = body.logo === undefined ? undefined : checkedToLogo(body.logo);
  if (isRefusal(logo)) return logo;
  const people = [{ ...body.owner, role: "owner" as const }, ...(body.staff ?? [])];
  if (people.some(({ pin }) => isGuessablePin(pin))) return refuse("pin_too_simple");
  const products = checkedToRows(rowsOf(body.products));
  if (isRefusal(products)) return products;
  const isCodeNeeded = setup.isCodeNeeded(isLocal);
  const code = isCodeNeeded ? codeHash(unchecked) : undefined;
  if (isCodeNeeded && !code) return refuse("setup_code_wrong");
  const hashed: Hashed[] = [];
  for (const { name, role, pin } of people)
    hashed.push({ staffId: newId(), name, role: role ?? "cashier", pinHash: await hashSecret(pin) });

  try {
    return await inTransaction<SetUp | Refusal>(database, async (tx) => {
      if (code && !(await useSetupCode(tx, code))) return refuse("setup_code_wrong");
      return { ...(await write(tx, setup, { body, logo, hashed, keyHash }, address)), replayed: false };
    });
  } catch (error) {
    // a concurrent request with the same key was faster, and this one is rolled back
    const twin = codeOf(error) === "23505" ? await selectDone(database.kysely, keyHash) : undefined;
    if (!twin) throw error;
    return comeBack(database, twin, body, address);
  }
}

type Hashed = {
  readonly staffId: Id;
  readonly name: string;
  readonly role: NonNullable<NewStaffBody["role"]>;
  readonly pinHash: string;
};
type Checked = {
  readonly body: SetupBody;
  readonly logo: ReturnType<typeof checkedToLogo> | undefined;
  readonly hashed: readonly Hashed[];
  readonly keyHash: Buffer;
};

async function write(
  tx: Tx,
  { providers }: Setup,
  { body, logo, hashed, keyHash }: Checked,
  address: string,
): Promise<Enrolled & { session: Session }> {
  const merchant = { merchantId: newId(), name: body.merchant.name, currency: IDR, isDemo: false };
  const { merchantId } = merchant;
  await insertMerchant(tx, merchant);
  await openAccounts(tx, merchantId, chartOf(merchantId, IDR, providers, []));
  const { outletId } = await openOutlet(tx, merchant, { ...body.outlet, tax: body.tax });
  if (logo && !isRefusal(logo)) await insertLogo(tx, merchantId, { ...logo, logoId: newId() });
  for (const { pinHash, ...person } of hashed) await insertStaff(tx, merchantId, outletId, person, pinHash);
  await stockUp(tx, merchantId, outletId, body.products ?? []);

  const [owner] = hashed;
  if (!owner) throw new Error("a new shop must have an owner");
  const enrolled = await enrolIn(tx, {
    merchantId,
    outletId,
    name: DEVICE,
    enrolledBy: null,
    lastAddress: address,
  });
  const { deviceId } = enrolled.device;
  await markKnown(tx, { merchantId, staffId: owner.staffId, deviceId });
  const session = await openSession(tx, enrolled.device, owner.staffId, { address, requestId: null });
  if (isRefusal(session)) throw new Error(`the owner of a new shop was refused: ${session.refusal}`);
  await insertDone(tx, keyHash, { merchantId, outletId, ownerId: owner.staffId, deviceId });
  await announceAudit(tx, atDevice(enrolled.device, owner.staffId), {
    action: "setup.done",
    subject: merchantId,
    after: {
      merchant: merchant.name,
      outlet_id: outletId,
      staff: hashed.length,
      products: body.products?.length ?? 0,
    },
  });
  return { ...enrolled, session };
}

type Stocked = NonNullable<SetupBody["products"]>;

function rowsOf(products: Stocked | undefined): ProductRow[] {
  return (products ?? []).map((row) => ({ ...row, price: { amount: row.price, currency: IDR } }));
}

async function stockUp(tx: Tx, merchantId: Id, outletId: Id, products: Stocked): Promise<void> {
  const ids = await importProducts(tx, merchantId, rowsOf(products));
  if (isRefusal(ids)) throw new Error(`a new shop refused a product that was checked: ${ids.refusal}`);
  const counted = ids.flatMap((productId, index) => {
    const quantity = products[index]?.stock;
    return quantity !== undefined
      ? [{ movementId: newId(), productId, kind: "count" as const, quantity }]
      : [];
  });
  if (counted.length > 0) await moveStock(tx, merchantId, outletId, newId(), counted);
}

/** Enrols a browser again for a shop that exists, in place of the device whose token may have been lost. */
async function comeBack(
  database: Database,
  done: Done,
  body: SetupBody,
  address: string,
): Promise<SetUp | Refusal> {
  const { merchantId, outletId, ownerId } = done;
  const delayed = await countGuess(database, address);
  if (delayed) return delayed;
  if (!done.isRecent || done.name !== body.merchant.name) return refuse("idempotency_key_reused");
  // counts against the owner like every other attempt at that PIN, from any address
  const proven = await provePin(
    database,
    { merchantId, deviceId: done.deviceId, staffId: ownerId },
    body.owner.pin,
    { isStranger: true },
  );
  if (isRefusal(proven)) return proven.refusal === "pin_wrong" ? refuse("idempotency_key_reused") : proven;
  return inTransaction<SetUp | Refusal>(database, async (tx) => {
    await forgetGuesses(tx, address);
    await retireDevice(tx, { ...bySystem(merchantId), actor: ownerId, outletId, address }, done.deviceId);
    const enrolled = await enrolIn(tx, {
      merchantId,
      outletId,
      name: DEVICE,
      enrolledBy: ownerId,
      lastAddress: address,
    });
    await updateDevice(tx, merchantId, enrolled.device.deviceId);
    await markKnown(tx, { merchantId, staffId: ownerId, deviceId: enrolled.device.deviceId });
    const session = await openSession(
      tx,
      enrolled.device,
      ownerId,
      { address, requestId: null },
      proven.pinHash,
    );
    return isRefusal(session) ? session : { ...enrolled, session, replayed: true };
  });
}
