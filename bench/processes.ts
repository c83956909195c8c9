import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { newId } from "@onegate/contract";
import { rateOf, type Driven } from "./drive.ts";
import type { Order } from "./poster.ts";
import { checkBooks, startBenchServer } from "./server.ts";
import { openWorld, shopIds, walletIds } from "./world.ts";

const POSTER = fileURLToPath(new URL("./poster.ts", import.meta.url));
/** Few enough that one process waits for its commits more than it computes. */
const CALLERS = 300;

/**
 * Measures one process, then two on separate hot sets, then two on the same set: their combined rate, and
 * whether every transfer exists.
 */
export async function benchProcesses({ seconds }: { seconds: number }) {
  const server = await startBenchServer(4);
  const posters: ChildProcess[] = [];
  try {
    const merchantId = newId();
    await openWorld(server.database, merchantId);
    for (let i = 0; i < 2; i++) {
      const poster = fork(POSTER, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      posters.push(poster);
      await once(poster, "message");
    }
    const [wallets, shops] = [walletIds(merchantId), shopIds(merchantId)];
    const half = <T>(list: readonly T[], which: number) => list.filter((_, i) => i % 2 === which);
    const order = (payers: readonly string[], payees: readonly string[]): Order => ({
      connection: server.cluster.connection,
      merchantId,
      payers,
      payees,
      callers: CALLERS,
      seconds,
    });
    const run = async (orders: readonly Order[]): Promise<Driven[]> =>
      Promise.all(
        orders.map(async (order, i) => {
          const done = once(posters[i]!, "message") as Promise<[Driven]>;
          posters[i]!.send(order);
          return (await done)[0];
        }),
      );
    const count = async () =>
      Number(
        (await server.database.pool.query<{ n: bigint }>("select count(*) as n from ledger_transfer")).rows[0]
          ?.n ?? 0n,
      );

    const alone = await run([order(half(wallets, 0), half(shops, 0))]);
    const apart = await run([
      order(half(wallets, 0), half(shops, 0)),
      order(half(wallets, 1), half(shops, 1)),
    ]);
    const before = await count();
    // one shop gets everything: each batch of either process needs its row
    const together = await run([order(wallets, shops.slice(0, 1)), order(wallets, shops.slice(0, 1))]);
    const added = (await count()) - before;
    const posted = together.reduce((total, driven) => total + driven.posted, 0);
    const sum = (all: readonly Driven[]) => all.reduce((total, driven) => total + rateOf(driven), 0);
    const books = await checkBooks(server.database);
    return {
      bench: "processes",
      callers_each: CALLERS,
      one_per_second: Math.round(sum(alone)),
      two_apart_per_second: Math.round(sum(apart)),
      ratio: Math.round((sum(apart) / sum(alone)) * 100) / 100,
      two_on_one_shop_per_second: Math.round(sum(together)),
      lost: posted + 2 - added,
      books,
    };
  } finally {
    for (const poster of posters) poster.kill();
    await server.close();
  }
}
