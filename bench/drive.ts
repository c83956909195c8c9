import { IDR, isRefusal, money, newId, type Id } from "@onegate/contract";
import type { Ledger } from "../server/ledger/index.ts";

/** The result of a drive: transfers posted and refused, and the time in seconds. */
export type Driven = { readonly posted: number; readonly refused: number; readonly seconds: number };

export const rateOf = ({ posted, seconds }: Driven): number => posted / seconds;

/**
 * Runs `callers` callers. Each always has one transfer of 1.00 in flight, from a random payer to a random
 * payee.
 */
export async function drive(
  ledger: Ledger,
  merchantId: Id,
  {
    payers,
    payees,
    callers,
    seconds,
  }: { payers: readonly Id[]; payees: readonly Id[]; callers: number; seconds: number },
): Promise<Driven> {
  const pick = (ids: readonly Id[]) => ids[Math.floor(Math.random() * ids.length)] ?? "";
  let posted = 0;
  let refused = 0;
  const begun = performance.now();
  const until = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < until) {
        const result = await ledger.post(merchantId, {
          id: newId(),
          kind: "payment",
          debit: pick(payers),
          credit: pick(payees),
          amount: money(100n, IDR),
        });
        if (isRefusal(result)) refused += 1;
        else posted += 1;
      }
    }),
  );
  return { posted, refused, seconds: (performance.now() - begun) / 1000 };
}
