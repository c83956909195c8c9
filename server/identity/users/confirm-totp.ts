import { refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Origin } from "../origin.ts";
import type { UserPrincipal } from "./access-token.ts";
import { selectCredentials, useTotpStep } from "./store.ts";
import { stepOf } from "./totp.ts";
import { userActor, type Users } from "./user.ts";

/**
 * Turns one-time codes on, with a first code from the user's app. Refuses `totp_off`, `totp_on`,
 * `totp_wrong`, in this order.
 */
export async function confirmTotp(
  { database, box, clock }: Users,
  { merchantId, userId }: UserPrincipal,
  code: string,
  origin: Origin,
): Promise<Refusal | undefined> {
  const totp = (await selectCredentials(database.kysely, "id", userId, origin.address))?.totp;
  if (!totp) return refuse("totp_off");
  if (totp.isConfirmed) return refuse("totp_on");
  const step = stepOf(box, userId, totp.secret, code, clock.now());
  if (step === undefined) return refuse("totp_wrong");
  return inTransaction(database, async (tx) => {
    if (!(await useTotpStep(tx, userId, totp.secret, step))) return refuse("totp_wrong");
    await announceAudit(tx, userActor(merchantId, userId, origin), {
      action: "user.totp_changed",
      subject: userId,
      before: { totp: false },
      after: { totp: true },
    });
    return undefined;
  });
}
