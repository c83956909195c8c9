import { IDR, newId, type EnrolledBody, type Id, type SessionBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { CAFE } from "../demo/index.ts";
import { hashSecret, insertMerchant, insertOutlet, insertStaff } from "../identity/index.ts";
import { newToken } from "../identity/secret.ts";
import { inTransaction } from "../kernel/index.ts";
import { chartOf, openAccounts } from "../ledger/index.ts";
import type { Answer, TestProgram } from "./program.ts";
import { openTestSession } from "./session.ts";

/** A till with an open session. */
export type TestTill = { readonly device: string; readonly deviceId: Id; readonly token: string };

/** Tries to unlock a till. */
export function tryUnlock(
  program: TestProgram,
  device: string,
  staffId: Id | undefined,
  pin: string,
): Promise<Answer<SessionBody>> {
  return program.call<SessionBody>("POST", "/api/v1/till/unlock", {
    body: { staff_id: staffId, pin },
    headers: { "onegate-device": device },
  });
}

/** Enrols a till with a code that `by` makes, or as a demo till without `by`, and unlocks it. */
export async function openTill(
  program: TestProgram,
  staffId: Id,
  pin: string,
  by?: { token: string; outletId: Id },
): Promise<TestTill> {
  const code =
    by &&
    (
      await program.call<{ code: string }>("POST", "/api/v1/devices/codes", {
        token: by.token,
        body: { outlet_id: by.outletId, name: "Kasir 2" },
      })
    ).body.code;
  const enrolled = await program.call<EnrolledBody>("POST", "/api/v1/till/devices", {
    body: code === undefined ? {} : { code },
  });
  assert.equal(enrolled.status, 201, JSON.stringify(enrolled.body));
  const session = await tryUnlock(program, enrolled.body.token, staffId, pin);
  assert.equal(session.status, 200, JSON.stringify(session.body));
  return { device: enrolled.body.token, deviceId: enrolled.body.device.id, token: session.body.token };
}

/** Creates another merchant with an outlet and a signed-in owner, whose PIN is 824613. */
export async function openStranger(
  program: TestProgram,
  name = "Toko Lain",
): Promise<{ merchantId: Id; outletId: Id; staffId: Id; token: string }> {
  const [merchantId, outletId, staffId] = [newId(), newId(), newId()] as const;
  const { token, hash } = newToken();
  const pinHash = await hashSecret("824613");
  await inTransaction(program.database, async (tx) => {
    await insertMerchant(tx, { merchantId, name, currency: IDR, isDemo: false });
    await insertOutlet(tx, {
      ...CAFE.outlet,
      merchantId,
      outletId,
      tax: undefined,
      cashRounding: { unit: 0, direction: "down" },
    });
    await insertStaff(tx, merchantId, outletId, { staffId, name: "Wati", role: "owner" }, pinHash);
    await openTestSession(tx, { merchantId, outletId, staffId }, hash);
    await openAccounts(tx, merchantId, chartOf(merchantId, IDR, ["tripay"], [outletId]));
  });
  return { merchantId, outletId, staffId, token };
}
