import { IDR, money, newId, type Id } from "@onegate/contract";
import { openDatabase, type Connection } from "../server/kernel/index.ts";
import { createLedger } from "../server/ledger/index.ts";
import { drive } from "./drive.ts";
import { CONCURRENCY } from "./ledger.ts";

/** A child process that posts when it gets an order; see `processes.ts`. */
export type Order = {
  readonly connection: Connection;
  readonly merchantId: Id;
  readonly payers: readonly Id[];
  readonly payees: readonly Id[];
  readonly callers: number;
  readonly seconds: number;
};

process.on("message", (order: Order) => {
  void (async () => {
    const database = openDatabase(order.connection, CONCURRENCY + 1, () => undefined);
    const ledger = createLedger(database, { concurrency: CONCURRENCY, queue: 100_000 });
    // prepares statements and loads table metadata before the clock starts
    await ledger.post(order.merchantId, {
      id: newId(),
      kind: "payment",
      debit: order.payers[0] ?? "",
      credit: order.payees[0] ?? "",
      amount: money(1n, IDR),
    });
    const driven = await drive(ledger, order.merchantId, order);
    await database.close();
    process.send?.(driven);
  })();
});
process.send?.("ready");
