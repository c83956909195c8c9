import { IDR, money, newId, type Id } from "@onegate/contract";
import { consume } from "../server/kernel/index.ts";
import { createLedger, prove, seal, type Ledger } from "../server/ledger/index.ts";
import { drive, rateOf } from "./drive.ts";
import { CALLERS, CONCURRENCY } from "./ledger.ts";
import { startBenchServer } from "./server.ts";
import { openWorld, shopIds, walletIds } from "./world.ts";

const FILL_BATCH_SIZE = 20_000;

/**
 * Measures the same load on ever fuller books: with 10 thousand transfers, with 1 million, and with
 * `--transfers`. All are posted by the ledger itself into the current month. Then everything is sealed and
 * proven, and both are timed.
 */
export async function benchScale({ seconds, transfers }: { seconds: number; transfers: number }) {
  const server = await startBenchServer(8);
  try {
    const merchantId = newId();
    await openWorld(server.database, merchantId);
    const ledger = createLedger(server.database, { concurrency: CONCURRENCY, queue: 200_000 });
    const who = { payers: walletIds(merchantId), payees: shopIds(merchantId) };
    const runs: Array<{ transfers_before: number; transfers_per_second: number }> = [];
    for (const size of [...new Set([10_000, 1_000_000, transfers])].sort((a, b) => a - b)) {
      const before = await fill(
        ledger,
        merchantId,
        who,
        async () =>
          Number(
            (await server.database.pool.query<{ n: bigint }>("select count(*) as n from ledger_transfer"))
              .rows[0]?.n ?? 0n,
          ),
        size,
      );
      // what autovacuum does between busy hours
      await server.database.pool.query("vacuum analyze ledger_transfer, ledger_balance, outbox_event");
      await drive(ledger, merchantId, { ...who, callers: CALLERS, seconds: 0.2 });
      const driven = await drive(ledger, merchantId, { ...who, callers: CALLERS, seconds });
      runs.push({ transfers_before: before, transfers_per_second: Math.round(rateOf(driven)) });
    }
    const sealing = performance.now();
    while ((await consume(server.database, seal)) > 0);
    const sealed = performance.now();
    const proof = await prove(server.database);
    const proven = performance.now();
    const [first, ...later] = runs.map(({ transfers_per_second }) => transfers_per_second);
    const kept = Math.min(...later.map((rate) => rate / (first ?? rate)));
    return {
      bench: "scale",
      runs,
      least_of_first: Math.round(kept * 100) / 100,
      entries: Number(proof.entries),
      seal_ms: Math.round(sealed - sealing),
      proof_ms: Math.round(proven - sealed),
      callers: CALLERS,
      concurrency: CONCURRENCY,
      books: proof.breaches.length === 0 ? ("hold" as const) : ("broken" as const),
    };
  } finally {
    await server.close();
  }
}

/** Posts until `size` transfers exist; returns how many exist. */
async function fill(
  ledger: Ledger,
  merchantId: Id,
  { payers, payees }: { payers: readonly Id[]; payees: readonly Id[] },
  count: () => Promise<number>,
  size: number,
): Promise<number> {
  let there = await count();
  while (there < size) {
    const batch = Array.from({ length: Math.min(FILL_BATCH_SIZE, size - there) }, (_, i) => ({
      id: newId(),
      kind: "payment",
      debit: payers[(there + i * 7) % payers.length] ?? "",
      credit: payees[i % payees.length] ?? "",
      amount: money(1n, IDR),
    }));
    await ledger.postMany(merchantId, batch);
    there += batch.length;
  }
  return count();
}
