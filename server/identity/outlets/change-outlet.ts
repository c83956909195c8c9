import {
  newId,
  refuse,
  taxChoiceOf,
  taxRuleOf,
  type CashRounding,
  type Id,
  type NewOutletBody,
  type OutletChangeBody,
  type Refusal,
} from "@onegate/contract";
import { announce, inTransaction, type Database, type Tx } from "../../kernel/index.ts";
import { chartOf, openAccounts } from "../../ledger/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { lockMerchant } from "../people/store.ts";
import type { Asker } from "../staff.ts";
import {
  insertOutlet,
  selectMerchants,
  selectOutlets,
  updateOutlet,
  type Merchant,
  type Outlet,
} from "../store.ts";

type By = Pick<Asker, "merchantId" | "staffId" | "who">;

/** Whole hundreds of rupiah, down: the smallest coin that is given (Permendag 35/2013 lets a shop round so). */
const ROUNDING: CashRounding = { unit: 10_000, direction: "down" };

/** Whether both the program and the database know a zone by this name; an offset's sign they read differently. */
function isTimeZone(unchecked: string): boolean {
  return Intl.supportedValuesOf("timeZone").includes(unchecked);
}

/** From here on, a day would take the hours before it into the day before: a shop's whole daytime. */
const NOON = "12:00";

/** Why an outlet can't keep its days so: `time_zone_unknown`, `day_begins_late`. */
export function refusalForDays(outlet: {
  readonly time_zone?: string;
  readonly day_begins?: string;
}): Refusal | undefined {
  if (outlet.time_zone !== undefined && !isTimeZone(outlet.time_zone)) return refuse("time_zone_unknown");
  return outlet.day_begins !== undefined && outlet.day_begins >= NOON ? refuse("day_begins_late") : undefined;
}

/** Opens an outlet, with its drawer in the books. Refuses what `refusalForDays` does. */
export async function makeOutlet(database: Database, by: By, body: NewOutletBody): Promise<Outlet | Refusal> {
  const refusal = refusalForDays(body);
  if (refusal) return refusal;
  return inTransaction(database, async (tx) => {
    await lockMerchant(tx, by.merchantId);
    const merchant = (await selectMerchants(tx)).find(({ merchantId }) => merchantId === by.merchantId);
    if (!merchant) throw new Error("who is signed in has a merchant");
    const outlet = await openOutlet(tx, merchant, body);
    await announce(tx, by.merchantId, "outlet.added", outlet.outletId, {
      outlet_id: outlet.outletId,
      name: outlet.name,
      by: by.staffId,
    });
    await announceAudit(tx, by.who, {
      action: "outlet.added",
      subject: outlet.outletId,
      after: shownOf(outlet),
    });
    return outlet;
  });
}

/** Puts an outlet of a merchant, whose row is held, into the database and into the books. */
export async function openOutlet(
  tx: Tx,
  { merchantId, name, currency }: Merchant,
  body: NewOutletBody,
): Promise<Outlet> {
  const outlet: Outlet = {
    merchantId,
    outletId: newId(),
    name: body.name,
    address: body.address,
    phone: body.phone,
    timeZone: body.time_zone,
    dayBegins: body.day_begins ?? "00:00",
    tax: taxRuleOf(body.tax),
    cashRounding: body.cash_rounding ?? ROUNDING,
    receiptCode: freeCode(
      name,
      (await selectOutlets(tx, merchantId)).map(({ receiptCode }) => receiptCode),
    ),
    receiptHeader: body.receipt_header ?? name,
    receiptFooter: body.receipt_footer ?? "Terima kasih",
  };
  await insertOutlet(tx, outlet);
  await openAccounts(tx, merchantId, chartOf(merchantId, currency, [], [outlet.outletId]));
  return outlet;
}

/** What an outlet's receipts begin with: the merchant's initials and the first number that is free. */
function freeCode(name: string, taken: readonly string[]): string {
  const initials =
    name
      .normalize("NFD")
      .toUpperCase()
      .split(/[^A-Z0-9]+/)
      .map((word) => word.charAt(0))
      .join("")
      .slice(0, 3) || "T";
  for (let n = 1; ; n += 1) if (!taken.includes(`${initials}${n}`)) return `${initials}${n}`;
}

/** Changes an outlet; what was sold before keeps what it was sold by. Refuses what `refusalForDays` does, `outlet_unknown`. */
export async function changeOutlet(
  database: Database,
  by: By,
  outletId: Id,
  body: OutletChangeBody,
): Promise<Outlet | Refusal> {
  const refusal = refusalForDays(body);
  if (refusal) return refusal;
  return inTransaction(database, async (tx) => {
    await lockMerchant(tx, by.merchantId);
    const before = (await selectOutlets(tx, by.merchantId)).find((one) => one.outletId === outletId);
    if (!before) return refuse("outlet_unknown");
    const outlet: Outlet = {
      ...before,
      name: body.name ?? before.name,
      address: body.address ?? before.address,
      phone: body.phone ?? before.phone,
      timeZone: body.time_zone ?? before.timeZone,
      dayBegins: body.day_begins ?? before.dayBegins,
      tax: body.tax === undefined ? before.tax : taxRuleOf(body.tax),
      cashRounding: body.cash_rounding ?? before.cashRounding,
      receiptHeader: body.receipt_header ?? before.receiptHeader,
      receiptFooter: body.receipt_footer ?? before.receiptFooter,
    };
    await updateOutlet(tx, outlet);
    await announce(tx, by.merchantId, "outlet.changed", outletId, {
      outlet_id: outletId,
      fields: Object.keys(body),
      by: by.staffId,
    });
    await announceAudit(tx, by.who, {
      action: "outlet.changed",
      subject: outletId,
      before: shownOf(before),
      after: shownOf(outlet),
    });
    return outlet;
  });
}

function shownOf({
  name,
  address,
  phone,
  timeZone,
  dayBegins,
  tax,
  cashRounding,
  receiptHeader,
  receiptFooter,
}: Outlet) {
  return {
    name,
    address,
    phone,
    time_zone: timeZone,
    day_begins: dayBegins.slice(0, 5),
    tax: taxChoiceOf(tax) ?? null,
    cash_rounding: `${cashRounding.unit} ${cashRounding.direction}`,
    receipt_header: receiptHeader,
    receipt_footer: receiptFooter,
  };
}
