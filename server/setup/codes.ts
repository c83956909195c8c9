import { refuse, type Id, type Refusal } from "@onegate/contract";
import { keepOwnerCode, merchants, newCode, outlets } from "../identity/index.ts";
import type { Database } from "../kernel/index.ts";
import { insertSetupCode } from "./store.ts";

const SETUP_HOURS = 24;

/** A code that lets one shop be set up, within a day. */
export async function makeSetupCode(database: Database): Promise<{ code: string; expiresAt: Date }> {
  const { code, hash } = newCode();
  return { code, expiresAt: await insertSetupCode(database.kysely, hash, SETUP_HOURS) };
}

/** A code by which an owner of a merchant enrols a device and sets another PIN, within half an hour. Refuses `merchant_missing`, also where the name fits none or several. */
export async function makeOwnerCode(
  database: Database,
  named: string | undefined,
): Promise<{ code: string; expiresAt: Date; merchant: string } | Refusal> {
  const all = (await merchants(database.kysely)).filter(
    ({ merchantId, name }) =>
      named === undefined || named === merchantId || named.toLowerCase() === name.toLowerCase(),
  );
  const [merchant, ...others] = all;
  const [outlet] = merchant && others.length === 0 ? await outlets(database.kysely, merchant.merchantId) : [];
  if (!merchant || !outlet) return refuse("merchant_missing");
  const { code, hash } = newCode();
  return {
    code,
    expiresAt: await keepOwnerCode(
      database,
      { merchantId: merchant.merchantId, outletId: outlet.outletId satisfies Id },
      hash,
    ),
    merchant: merchant.name,
  };
}
