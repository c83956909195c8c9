import { newId } from "@onegate/contract";
import { createLedger } from "../server/ledger/index.ts";
import { drive, rateOf } from "./drive.ts";
import { checkBooks, startBenchServer } from "./server.ts";
import { runTpcb } from "./tpcb.ts";
import { openWorld, shopIds, walletIds } from "./world.ts";

/** Callers, each with one transfer in flight at all times. */
export const CALLERS = 3_000;
export const CONCURRENCY = 3;

/**
 * Measures durable transfers through the ledger's public verb, from random wallets to random shops, beside
 * TPC-B.
 */
export async function benchLedger({ seconds }: { seconds: number }) {
  const server = await startBenchServer(8);
  try {
    const merchantId = newId();
    await openWorld(server.database, merchantId);
    let batches = 0;
    const ledger = createLedger(server.database, {
      concurrency: CONCURRENCY,
      queue: 100_000,
      onBatch: () => (batches += 1),
    });
    const who = { payers: walletIds(merchantId), payees: shopIds(merchantId), callers: CALLERS };
    await drive(ledger, merchantId, { ...who, seconds: 2 });
    batches = 0;
    const driven = await drive(ledger, merchantId, { ...who, seconds });
    const books = await checkBooks(server.database);
    const tpcb = await runTpcb(server, seconds);
    const rate = rateOf(driven);
    return {
      bench: "ledger",
      transfers_per_second: Math.round(rate),
      tpcb_tps: Math.round(tpcb),
      ratio: Math.round((rate / tpcb) * 100) / 100,
      refused: driven.refused,
      items_per_batch: Math.round(driven.posted / batches),
      callers: CALLERS,
      concurrency: CONCURRENCY,
      books,
    };
  } finally {
    await server.close();
  }
}
