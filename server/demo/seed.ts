import { IDR, money, PPN_INCLUDED, type Id } from "@onegate/contract";
import { sql } from "kysely";
import { insertCategory, insertProduct } from "../catalogue/index.ts";
import { hashSecret, insertMerchant, insertOutlet, insertStaff, merchants } from "../identity/index.ts";
import { derivedId, inTransaction, type Database } from "../kernel/index.ts";
import { accountId, CHART, chartOf, openAccounts, type Ledger } from "../ledger/index.ts";
import { moveStock, setLowMark } from "../stock/index.ts";
import { CAFE, DEMO_PASSWORD, demoBarcode, MENU, TEST_USER } from "./cafe.ts";

export const DEMO_MERCHANT: Id = derivedId("demo", "merchant", CAFE.name);
export const DEMO_OUTLET: Id = derivedId("demo", "outlet", CAFE.name);

const LOW_MARK = 6;
const SEN = 100n;

/** Inserts the demo shop into an empty database. Returns whether it did. */
export async function seedDemo(database: Database, ledger: Ledger): Promise<boolean> {
  if ((await merchants(database.kysely)).length > 0) return false;
  const pins = await Promise.all(CAFE.staff.map(({ pin }) => hashSecret(pin)));
  const password = await hashSecret(DEMO_PASSWORD);
  return inTransaction(database, async (tx) => {
    // of two processes that start at once, one seeds and the other finds it done
    await sql`select pg_advisory_xact_lock(7226144283751)`.execute(tx);
    if ((await merchants(tx)).length > 0) return false;
    await insertMerchant(tx, { merchantId: DEMO_MERCHANT, name: CAFE.name, currency: IDR, isDemo: true });
    await insertOutlet(tx, {
      ...CAFE.outlet,
      merchantId: DEMO_MERCHANT,
      outletId: DEMO_OUTLET,
      tax: PPN_INCLUDED,
      cashRounding: { unit: 10_000, direction: "down" },
    });
    for (const [index, { name, role }] of CAFE.staff.entries()) {
      await insertStaff(
        tx,
        DEMO_MERCHANT,
        DEMO_OUTLET,
        { staffId: derivedId("demo", "staff", name), name, role },
        pins[index] ?? "",
      );
    }
    let number = 0;
    for (const [rank, [category, products]] of MENU.entries()) {
      const categoryId = derivedId("demo", "category", category);
      await insertCategory(tx, DEMO_MERCHANT, { categoryId, name: category }, rank);
      for (const [picture, name, rupiah, stock, favourite] of products) {
        number += 1;
        const productId = derivedId("demo", "product", picture);
        await insertProduct(
          tx,
          DEMO_MERCHANT,
          {
            productId,
            categoryId,
            name,
            price: rupiah * SEN,
            barcode: demoBarcode(number),
            picture: `/pictures/${picture}.svg`,
            isFavourite: favourite !== undefined,
          },
          number,
        );
        await moveStock(tx, DEMO_MERCHANT, DEMO_OUTLET, derivedId("demo", "delivery"), [
          {
            movementId: derivedId("demo", "delivery", picture),
            productId,
            kind: "purchase",
            quantity: stock,
          },
        ]);
        await setLowMark(tx, DEMO_MERCHANT, DEMO_OUTLET, productId, LOW_MARK);
      }
    }
    await openAccounts(tx, DEMO_MERCHANT, chartOf(DEMO_MERCHANT, IDR, ["tripay"], [DEMO_OUTLET]));
    for (const { username, email, phone, account, rupiah } of CAFE.wallets) {
      const userId = derivedId("demo", "user", username);
      await sql`
        insert into users (id, username, email, phone, password)
        values (${userId}, ${username}, ${email}, ${phone}, ${password})`.execute(tx);
      await openAccounts(tx, DEMO_MERCHANT, [
        { id: accountId(DEMO_MERCHANT, account), code: account, kind: "wallet", currency: IDR, userId },
      ]);
      if (rupiah === 0n) continue;
      ledger.stageIn(tx, DEMO_MERCHANT, [
        {
          id: derivedId("demo", "topup", account),
          kind: "topup",
          debit: accountId(DEMO_MERCHANT, CHART.bank),
          credit: accountId(DEMO_MERCHANT, account),
          amount: money(rupiah * SEN, IDR),
        },
      ]);
    }
    return true;
  });
}

/**
 * Makes the demo shop prefer Tripay where several providers offer a channel. A rule with a lower rank
 * precedes this one.
 */
export async function preferTripay(database: Database): Promise<void> {
  await sql`
    insert into routing_rule (merchant_id, rule_id, rank, providers)
    select merchant_id, ${derivedId("demo", "routing", "tripay")}, 1000, array['tripay']
      from merchant where merchant_id = ${DEMO_MERCHANT}
        on conflict do nothing`.execute(database.kysely);
}

/** Inserts the user `test`, unless a user with one of its names exists. */
export async function seedTestUser({ kysely }: Database): Promise<void> {
  const { username, email, phone, password } = TEST_USER;
  const userId = derivedId("demo", "user", username);
  const { rows } = await sql`
    select from users
     where id = ${userId} or username = ${username} or email = ${email} or phone = ${phone}`.execute(kysely);
  if (rows.length > 0) return;
  await sql`
    insert into users (id, username, email, phone, password)
    values (${userId}, ${username}, ${email}, ${phone}, ${await hashSecret(password)})
        on conflict do nothing`.execute(kysely);
}
