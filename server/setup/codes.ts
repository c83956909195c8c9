import { refuse, type Id, type Refusal } from "@onegate/contract";
import { storeOwnerCode, merchants, newCode, outlets } from "../identity/index.ts";
import type { Database } from "../kernel/index.ts";
import { insertSetupCode } from "./store.ts";

const SETUP_HOURS = 24;

/** Makes a code that allows one shop to be set up within a day. */
export async function makeSetupCode(database: Database): Promise<{ code: string; expiresAt: Date }> {
  const { code, hash } = newCode();
  return { code, expiresAt: await insertSetupCode(database.kysely, hash, SETUP_HOURS) };
}

/**
 * Makes a code by which an owner of a merchant enrols a device and sets a new PIN within half an hour.
 * Refuses `merchant_missing` when no merchant, or more than one, has the given name or id.
 */
export async function makeOwnerCode(
  database: Database,
  named: string | undefined,
): Promise<{ code: string; expiresAt: Date; merchant: string } | Refusal> {
  const matching = (await merchants(database.kysely)).filter(
    ({ merchantId, name }) =>
      named === undefined || named === merchantId || named.toLowerCase() === name.toLowerCase(),
  );
  const [merchant, ...others] = matching;
  const [outlet] = merchant && others.length === 0 ? await outlets(database.kysely, merchant.merchantId) : [];
  if (!merchant || !outlet) return refuse("merchant_missing");
  const { code, hash } = newCode();
  return {
    code,
    expiresAt: await storeOwnerCode(
      database,
      { merchantId: merchant.merchantId, outletId: outlet.outletId satisfies Id },
      hash,
    ),
    merchant: merchant.name,
  };
}
