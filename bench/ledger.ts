import { IDR, isRefusal, money, newId } from "@onegate/contract";
import { accountId, createLedger } from "../server/ledger/index.ts";
import { checkBooks, startBenchServer } from "./server.ts";
import { runTpcb } from "./tpcb.ts";
import { openWorld, shopCode, SHOPS, walletCode, WALLETS } from "./world.ts";

/** Callers that always have one transfer on its way. */
const CALLERS = 3_000;
const LANES = 3;

/** Durable transfers through the ledger's public verb, from random wallets to random shops, beside TPC-B. */
export async function benchLedger({ seconds }: { seconds: number }) {
  const server = await startBenchServer(8);
  try {
    const merchantId = newId();
    await openWorld(server.database, merchantId);
    let batches = 0;
    const ledger = createLedger(server.database, { lanes: LANES, queue: 100_000, onBatch: () => (batches += 1) });
    const wallets = Array.from({ length: WALLETS }, (_, n) => accountId(merchantId, walletCode(n)));
    const shops = Array.from({ length: SHOPS }, (_, n) => accountId(merchantId, shopCode(n)));
    const pick = (ids: readonly string[]) => ids[Math.floor(Math.random() * ids.length)] ?? "";
    let posted = 0;
    let refused = 0;
    const call = async (until: number) => {
      while (performance.now() < until) {
        const result = await ledger.post(merchantId, { id: newId(), kind: "payment", debit: pick(wallets), credit: pick(shops), amount: money(100n, IDR) });
        if (isRefusal(result)) refused += 1;
        else posted += 1;
      }
    };
    const measure = async (forSeconds: number) => {
      const begun = performance.now();
      await Promise.all(Array.from({ length: CALLERS }, () => call(begun + forSeconds * 1000)));
      return (performance.now() - begun) / 1000;
    };
    await measure(2);
    [posted, refused, batches] = [0, 0, 0];
    const took = await measure(seconds);
    const rate = posted / took;
    const items = posted / batches;
    const books = await checkBooks(server.database);
    const tpcb = await runTpcb(server, seconds);
    return { bench: "ledger", transfers_per_second: Math.round(rate), tpcb_tps: Math.round(tpcb), ratio: Math.round((rate / tpcb) * 100) / 100, refused, items_per_batch: Math.round(items), callers: CALLERS, lanes: LANES, books };
  } finally {
    await server.close();
  }
}
