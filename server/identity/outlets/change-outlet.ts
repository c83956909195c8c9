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
import type { Requester } from "../staff.ts";
import {
  insertOutlet,
  selectMerchants,
  selectOutlets,
  updateOutlet,
  type Merchant,
  type Outlet,
} from "../store.ts";

type By = Pick<Requester, "merchantId" | "staffId" | "who">;

/** Rounds down to whole hundreds of rupiah, the smallest coin in use (allowed by Permendag 35/2013). */
const ROUNDING: CashRounding = { unit: 10_000, direction: "down" };

/** Accepts zone names only: JavaScript and PostgreSQL read the sign of an offset differently. */
function isTimeZone(unchecked: string): boolean {
  return Intl.supportedValuesOf("timeZone").includes(unchecked);
}

/** A day that begins at noon or later would put the shop's whole morning into the day before. */
const NOON = "12:00";

/** Checks an outlet's time zone and start of day. Refuses `time_zone_unknown`, `day_begins_late`. */
export function refusalForDays(outlet: {
  readonly time_zone?: string;
  readonly day_begins?: string;
}): Refusal | undefined {
  if (outlet.time_zone !== undefined && !isTimeZone(outlet.time_zone)) return refuse("time_zone_unknown");
  return outlet.day_begins !== undefined && outlet.day_begins >= NOON ? refuse("day_begins_late") : undefined;
}

/** Opens an outlet, with its ledger accounts. Refuses what `refusalForDays` refuses. */
export async function makeOutlet(database: Database, by: By, body: NewOutletBody): Promise<Outlet | Refusal> {
  const refusal = refusalForDays(body);
  if (refusal) return refusal;
  return inTransaction(database, async (tx) => {
    await lockMerchant(tx, by.merchantId);
    const merchant = (await selectMerchants(tx)).find(({ merchantId }) => merchantId === by.merchantId);
    if (!merchant) throw new Error("the merchant of a session does not exist");
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

/**
 * Writes an outlet to the database and opens its ledger accounts. The caller holds a lock on the merchant's
 * row.
 */
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

/** The prefix of an outlet's receipt numbers: the merchant's initials and the first free number. */
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

/**
 * Changes an outlet. Earlier sales keep the settings they were made with. Refuses what `refusalForDays`
 * refuses, `outlet_unknown`.
 */
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
    const before = (await selectOutlets(tx, by.merchantId)).find(
      (existing) => existing.outletId === outletId,
    );
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
