import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";

/**
 * The context of running code: whose rows its statements see (a merchant's id, `*` for all, an empty string
 * for none), and how long each may run in ms (0: no limit). Promises and timers inherit it.
 */
type Work = { readonly whose: string; readonly timeoutMs: number };
const seen = new AsyncLocalStorage<Work>();
const EVERYWHERE = "*";
const NOTHING = "";

/** The current context with other rows. */
function workOf(whose: string): Work {
  return { whose, timeoutMs: seen.getStore()?.timeoutMs ?? 0 };
}

/**
 * Runs work with a timeout for each statement. The database cancels a statement that exceeds it and aborts
 * its transaction.
 */
export function withStatementTimeout<T>(timeoutMs: number, work: () => T): T {
  return seen.run({ whose: seen.getStore()?.whose ?? NOTHING, timeoutMs }, work);
}

/** Runs work whose statements read and write only one merchant's rows (V31). */
export function asMerchant<T>(merchantId: string, work: () => T): T {
  return seen.run(workOf(merchantId), work);
}

/**
 * Runs work on the rows of all merchants: workers, sign-in, providers' callbacks. It is never the default.
 */
export function everywhere<T>(work: () => T): T {
  return seen.run(workOf(EVERYWHERE), work);
}

/** Runs work that sees no merchant's rows until it calls `asMerchant` or `everywhere`. */
export function nowhere<T>(work: () => T): T {
  return seen.run(workOf(NOTHING), work);
}

/**
 * Whether the current work belongs to another merchant. If it then acted for this one, it would bypass the
 * row-level security.
 */
export function isOtherMerchantsWork(merchantId: string): boolean {
  const whose = seen.getStore()?.whose ?? NOTHING;
  return whose !== NOTHING && whose !== EVERYWHERE && whose !== merchantId;
}

type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

const SET = "select set_config('onegate.merchant', $1, false), set_config('statement_timeout', $2, false)";
const NO_WORK: Work = { whose: NOTHING, timeoutMs: 0 };

/**
 * A pool whose connections see only the rows that the caller may see. It remembers each connection's last
 * setting, so consecutive requests of one merchant send nothing. The setting is made between transactions, so
 * no rollback undoes it. If it fails, the connection is discarded.
 */
export class MerchantScopedPool extends pg.Pool {
  readonly #set = new WeakMap<pg.PoolClient, Work>();

  override connect(...given: unknown[]): never {
    // read the context here: the callback may run in the context of whoever released the connection
    const client = this.#checkOut(seen.getStore() ?? NO_WORK);
    const [callback] = given as [Callback?];
    if (!callback) return client as never;
    void client.then(
      (ready) => callback(undefined, ready, (error) => ready.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined as never;
  }

  async #checkOut(wanted: Work): Promise<pg.PoolClient> {
    const client = await super.connect();
    const { whose, timeoutMs } = this.#set.get(client) ?? NO_WORK;
    if (whose === wanted.whose && timeoutMs === wanted.timeoutMs) return client;
    try {
      await client.query(SET, [wanted.whose, String(wanted.timeoutMs)]);
    } catch (error) {
      client.release(error instanceof Error ? error : true);
      throw error;
    }
    this.#set.set(client, wanted);
    return client;
  }
}
