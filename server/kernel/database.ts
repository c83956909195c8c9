import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { codeOf } from "./failure.ts";
import { WalledPool } from "./wall.ts";

/** Statements are written with Kysely's `sql` template, one function each in a module's store; rows are typed there. */
export type Database = {
  readonly kysely: Kysely<unknown>;
  /** For statements on the hot path, which are named and prepared. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
};

/** A transaction, or the database itself where one statement is enough. */
export type Executor = Kysely<unknown>;
export type Tx = Transaction<unknown>;

// Money and counters are bigint in SQL and in here; business dates stay text.
pg.types.setTypeParser(pg.types.builtins.INT8, BigInt);
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

export type Connection = string | { readonly host: string; readonly user: string; readonly database: string };

const WAIT_FOR_CONNECTION_MS = 5_000;
/** No statement waits longer for a row that another transaction holds; then its caller is told to come again. */
const WAIT_FOR_LOCK_MS = 5_000;

/**
 * The role under which the program works: it can't change what was posted (V17). A database is opened as its owner only
 * to migrate it, and by tools that look after it. It sees and writes the rows of the merchant at work alone (V31, `wall.ts`).
 */
export const PROGRAM_ROLE = "onegate_app";

/** Statements by their text: those with parameters are parsed once a connection, and planned anew only while that pays. */
const names = new Map<string, string>();
/** Texts are made by the program, not by its callers; lists of many lengths are many texts, and the rest stays unnamed. */
const MAX_NAMES = 1_000;

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size === MAX_NAMES) return known;
  const name = `onegate_${names.size}`;
  names.set(text, name);
  return name;
}

/** A connection that gives Kysely's statements names, which it has no word for itself. */
class PreparingClient extends pg.Client {
  override query(...given: unknown[]): never {
    const [text, values, ...rest] = given;
    const isPlain = typeof text === "string" && Array.isArray(values) && values.length > 0;
    const name = isPlain ? nameOf(text) : undefined;
    // none of pg's overloads is one that passes everything on
    return super.query.apply(
      this,
      (name === undefined ? given : [{ name, text, values }, ...rest]) as never,
    ) as never;
  }
}

export function openDatabase(
  connection: Connection,
  most: number,
  onError: (error: Error) => void,
  role?: typeof PROGRAM_ROLE,
): Database {
  const pool = new (role ? WalledPool : pg.Pool)({
    ...(typeof connection === "string" ? { connectionString: connection } : connection),
    Client: PreparingClient,
    max: most,
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

/** SQLSTATE classes that mean "the server went away or has no room", not "the statement is wrong". */
const UNAVAILABLE = /^(08|53|57P)|^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;

/** Whether an error says that the database can't be reached now. What was committed is committed; the rest is not. */
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

/** Whether a write was refused because a disk of the database is full. Nothing of it was done. */
export function isDiskFull(error: unknown): boolean {
  return codeOf(error) === "53100";
}

/** Whether a transaction lost a race that it wins when it is run again. */
export function isRetryable(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    (error.code === "40P01" || error.code === "40001")
  );
}

/** Whether a statement gave up waiting for a row: whoever holds it is slow, and nothing was done. */
export function isLockedOut(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "55P03";
}

/** Whether the database ended a statement that ran longer than its kind of work may: nothing was done. */
export function isTimedOut(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "57014";
}

/** The database's clock: expiries go by it, because replicas' clocks differ. */
export async function databaseNow(executor: Executor): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(executor);
  const [row] = rows;
  if (!row) throw new Error("the database tells the time");
  return row.now;
}

const MAX_TRANSACTION_TRIES = 5;

/** What a running transaction does at its end. */
type Ending = { readonly lastSteps: Array<() => Promise<void>>; hasAnnounced: boolean };

const endings = new WeakMap<Tx, Ending>();

/**
 * Runs `step` as one of the last steps of a transaction that `inTransaction` runs, after `work` and before the commit. When
 * it throws, the transaction is rolled back.
 */
export function beforeCommit(tx: Tx, step: () => Promise<void>): void {
  const ending = endings.get(tx);
  if (!ending) throw new Error("only a transaction of inTransaction has steps before its commit");
  ending.lastSteps.push(step);
}

/** Notes that a transaction writes an event: `onAnnounced` hears of it once the transaction has committed. */
export function noteAnnounced(tx: Tx): void {
  const ending = endings.get(tx);
  if (ending) ending.hasAnnounced = true;
}

const announcementListeners = new WeakMap<Database, Set<() => void>>();

/** Calls `listener` after each transaction of `database` that announced something. Answers how to stop. */
export function onAnnounced(database: Database, listener: () => void): () => void {
  const listeners = announcementListeners.get(database) ?? new Set();
  announcementListeners.set(database, listeners.add(listener));
  return () => listeners.delete(listener);
}

/**
 * Reads with several statements as if it were one: all see the database as it was when the first began, so that what one
 * transaction wrote together is read together. Nothing can be written or locked.
 */
export async function inSnapshot<T>(
  { kysely }: Pick<Database, "kysely">,
  read: (executor: Executor) => Promise<T>,
): Promise<T> {
  return kysely.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(read);
}

/** Runs `work` in one READ COMMITTED transaction; a deadlock's victim is run again. No network inside. */
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
