import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { codeOf } from "./failure.ts";
import { MerchantScopedPool } from "./wall.ts";

/**
 * Statements use Kysely's `sql` template, one function each in a module's store, which also types the rows.
 */
export type Database = {
  readonly kysely: Kysely<unknown>;
  /** For statements on the hot path, which are named and prepared. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
};

/** A transaction, or the database itself where one statement is enough. */
export type Executor = Kysely<unknown>;
export type Tx = Transaction<unknown>;

// Money and counters are bigint in SQL and in TypeScript; business dates stay text.
pg.types.setTypeParser(pg.types.builtins.INT8, BigInt);
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

export type Connection = string | { readonly host: string; readonly user: string; readonly database: string };

const WAIT_FOR_CONNECTION_MS = 5_000;
/** No statement waits longer for a row that another transaction has locked; its caller then has to retry. */
const WAIT_FOR_LOCK_MS = 5_000;

/**
 * The role under which the program runs. It can't change posted ledger rows (V17), and it reads and writes
 * only the rows of the current merchant (V31, `wall.ts`). Only migrations and maintenance tools open a
 * database as its owner.
 */
export const PROGRAM_ROLE = "onegate_app";

/**
 * Prepared statements' names by their text. PostgreSQL parses each once per connection and chooses when to
 * reuse a plan.
 */
const names = new Map<string, string>();
/**
 * The program, not its callers, makes the texts, but a list of each length is another text. Texts beyond this
 * limit stay unnamed.
 */
const MAX_NAMES = 1_000;

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size === MAX_NAMES) return known;
  const name = `onegate_${names.size}`;
  names.set(text, name);
  return name;
}

/** A connection that names Kysely's statements, so that they are prepared; Kysely has no option for it. */
class PreparingClient extends pg.Client {
  override query(...given: unknown[]): never {
    const [text, values, ...rest] = given;
    const isPlain = typeof text === "string" && Array.isArray(values) && values.length > 0;
    const name = isPlain ? nameOf(text) : undefined;
    // no overload of pg's `query` accepts all of its own forms
    return super.query.apply(
      this,
      (name === undefined ? given : [{ name, text, values }, ...rest]) as never,
    ) as never;
  }
}

export function openDatabase(
  connection: Connection,
  maxConnections: number,
  onError: (error: Error) => void,
  role?: typeof PROGRAM_ROLE,
): Database {
  const pool = new (role ? MerchantScopedPool : pg.Pool)({
    ...(typeof connection === "string" ? { connectionString: connection } : connection),
    Client: PreparingClient,
    max: maxConnections,
    connectionTimeoutMillis: WAIT_FOR_CONNECTION_MS,
    idleTimeoutMillis: 60_000,
    application_name: "onegate",
    lock_timeout: WAIT_FOR_LOCK_MS,
    ...(role ? { options: `-c role=${role}` } : {}),
  });
  pool.on("error", onError);
  pool.on("connect", (client) => client.on("error", onError));
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  return {
    kysely,
    pool,
    async close() {
      await kysely.destroy();
      // Kysely ends a pool only if it has used it
      if (!pool.ended) await pool.end();
    },
  };
}

/**
 * SQLSTATE classes and system errors that mean "the server is unreachable or out of resources", not "the
 * statement is wrong".
 */
const UNAVAILABLE = /^(08|53|57P)|^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;

/**
 * Whether an error means that the database can't be reached now. Committed work is kept; everything else is
 * not.
 */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if ("code" in error && typeof error.code === "string" && UNAVAILABLE.test(error.code)) return true;
  return (
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    )
  );
}

/** Whether a write failed because a disk of the database is full. Nothing was written. */
export function isDiskFull(error: unknown): boolean {
  return codeOf(error) === "53100";
}

/**
 * Whether a transaction failed on a deadlock or a serialization conflict, and can succeed when it is run
 * again.
 */
export function isRetryable(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    (error.code === "40P01" || error.code === "40001")
  );
}

/** Whether a statement gave up waiting for a row that a slow transaction has locked. Nothing was written. */
export function isLockedOut(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "55P03";
}

/** Whether the database cancelled a statement that ran longer than its timeout. Nothing was written. */
export function isTimedOut(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "57014";
}

/** The time by the database's clock, which decides expiry because replicas' clocks differ. */
export async function databaseNow(executor: Executor): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(executor);
  const [row] = rows;
  if (!row) throw new Error("select now() returned no row");
  return row.now;
}

const MAX_TRANSACTION_TRIES = 5;

/** What a running transaction still has to do at its end. */
type Ending = { readonly lastSteps: Array<() => Promise<void>>; hasAnnounced: boolean };

const endings = new WeakMap<Tx, Ending>();

/**
 * Runs `step` in a transaction of `inTransaction`, after its `work` and before the commit. If the step
 * throws, the transaction is rolled back.
 */
export function beforeCommit(tx: Tx, step: () => Promise<void>): void {
  const ending = endings.get(tx);
  if (!ending) throw new Error("beforeCommit needs a transaction of inTransaction");
  ending.lastSteps.push(step);
}

/** Notes that a transaction writes an event: listeners of `onAnnounced` are called once it has committed. */
export function noteAnnounced(tx: Tx): void {
  const ending = endings.get(tx);
  if (ending) ending.hasAnnounced = true;
}

const announcementListeners = new WeakMap<Database, Set<() => void>>();

/**
 * Calls `listener` after each transaction of `database` that announced an event. Returns a function that
 * stops it.
 */
export function onAnnounced(database: Database, listener: () => void): () => void {
  const listeners = announcementListeners.get(database) ?? new Set();
  announcementListeners.set(database, listeners.add(listener));
  return () => listeners.delete(listener);
}

/**
 * Runs several reads on one snapshot: all see the database as it was when the first began, so that rows which
 * one transaction wrote together are read together. Nothing can be written or locked.
 */
export async function inSnapshot<T>(
  { kysely }: Pick<Database, "kysely">,
  read: (executor: Executor) => Promise<T>,
): Promise<T> {
  return kysely.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(read);
}

/**
 * Runs `work` in one READ COMMITTED transaction, and again after a deadlock. `work` must not use the network.
 */
export async function inTransaction<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const ending: Ending = { lastSteps: [], hasAnnounced: false };
    try {
      const result = await database.kysely
        .transaction()
        .setIsolationLevel("read committed")
        .execute(async (tx) => {
          endings.set(tx, ending);
          const done = await work(tx);
          for (const step of ending.lastSteps) await step();
          return done;
        });
      if (ending.hasAnnounced) for (const listener of announcementListeners.get(database) ?? []) listener();
      return result;
    } catch (error) {
      if (!isRetryable(error) || tries === MAX_TRANSACTION_TRIES) throw error;
    }
  }
}
