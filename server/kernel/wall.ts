import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";

/**
 * Whose rows the statements of a piece of work see (a merchant's id, `*` for all, nothing for none), and how long one of
 * them may run (0: as long as it takes). It follows the work, over promises and timers.
 */
type Work = { readonly whose: string; readonly timeoutMs: number };
const seen = new AsyncLocalStorage<Work>();
const EVERYWHERE = "*";
const NOTHING = "";

/** The work at hand, but on another's rows. */
function workOf(whose: string): Work {
  return { whose, timeoutMs: seen.getStore()?.timeoutMs ?? 0 };
}

/** Runs work none of whose statements may run longer; one that does is ended by the database, and with it its transaction. */
export function withStatementTimeout<T>(timeoutMs: number, work: () => T): T {
  return seen.run({ whose: seen.getStore()?.whose ?? NOTHING, timeoutMs }, work);
}

/** Runs work whose statements see one merchant's rows, and can write no other's (V31). */
export function asMerchant<T>(merchantId: string, work: () => T): T {
  return seen.run(workOf(merchantId), work);
}

/** Runs work that is no merchant's, or of many: workers, sign-in, providers' callbacks. Whoever needs it says so. */
export function everywhere<T>(work: () => T): T {
  return seen.run(workOf(EVERYWHERE), work);
}

/** Runs work that sees no merchant's rows: what it starts has to say whose it is. */
export function nowhere<T>(work: () => T): T {
  return seen.run(workOf(NOTHING), work);
}

/** Whether the work at hand is another merchant's: what it hands on to be done in this one's name would pass the wall. */
export function isForAnother(merchantId: string): boolean {
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
 * Hands out connections that see what the caller may see. Each remembers what it was last set to, so as long as one
 * merchant follows upon himself nothing is sent. It is set between transactions, so no rollback takes it back; where it
 * can't be set, the connection is thrown away.
 */
export class WalledPool extends pg.Pool {
  readonly #set = new WeakMap<pg.PoolClient, Work>();

  override connect(...given: unknown[]): never {
    // whose, is taken here: a connection may come free on somebody else's way
    const client = this.#checkOut(seen.getStore() ?? NO_WORK);
    const [callback] = given as [Callback?];
    if (!callback) return client as never;
    void client.then(
      (one) => callback(undefined, one, (error) => one.release(error)),
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
