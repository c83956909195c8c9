import { isRefusal, refuse, type Id, type OperationBody } from "@onegate/contract";
import { announce, inTransaction, type Once, type Tx } from "../kernel/index.ts";
import { mayDecide } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type Decider, type Wallets } from "./context.ts";
import { next, type Operation, type OperationEvent } from "./operation.ts";
import { selectExpired, selectOperation, takeBackUsage, updateOperation, type Move } from "./store.ts";

/** Releases what is left of a hold, once per key. Refuses `hold_unknown`, `hold_ended`. */
export async function release(
  wallets: Wallets,
  decider: Decider,
  holdId: Id,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, actor: by } = decider;
  return onceFor(wallets, { merchantId, who: by, verb: "release", key }, { holdId }, async (tx) => {
    const held = await selectOperation(tx, merchantId, holdId, "for update");
    if (
      held?.kind !== "PAYMENT" ||
      held.holdId === null ||
      held.counterAccountId === null ||
      !(await mayDecide(tx, decider, held.counterAccountId))
    )
      return refuse("hold_unknown");
    if (!next(held.kind, held.step, "release")) return refuse("hold_ended");
    const released = await wallets.ledger.applyIn(tx, merchantId, [
      {
        op: "release",
        id: held.holdId,
        hold: held.holdId,
        debit: held.accountId,
        credit: held.counterAccountId,
        amount: held.amount,
      },
    ]);
    if (isRefusal(released)) return released;
    return operationBody(await endHold(tx, held, "release", { by }));
  });
}

/**
 * Ends a payment whose hold has ended. It is done if a part was captured before, or else cancelled or
 * expired.
 */
async function endHold(tx: Tx, held: Operation, event: OperationEvent, move: Move): Promise<Operation> {
  const step = next(held.kind, held.step, held.settled > 0n ? "finish" : event);
  if (!step) throw new Error(`a hold that is ${held.step} can't end`);
  await takeBackUsage(tx, held, held.amount.minor - held.settled);
  const ended = await updateOperation(tx, held, step, move);
  await announce(tx, held.merchantId, "wallet.released", held.operationId, {
    operation_id: held.operationId,
    state: ended.state,
  });
  return ended;
}

const BATCH_SIZE = 500;

/** Ends payments whose hold has expired in the ledger. Answers how many it found. */
export async function markExpiredHolds({ database }: Pick<Wallets, "database">): Promise<number> {
  const expired = await selectExpired(database.kysely, BATCH_SIZE);
  for (const { merchantId, operationId } of expired) {
    await inTransaction(database, async (tx) => {
      const held = await selectOperation(tx, merchantId, operationId, "for update");
      if (held?.step === "held") await endHold(tx, held, "expire", { note: "the hold expired" });
    });
  }
  return expired.length;
}
