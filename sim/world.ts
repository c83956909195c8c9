import { IDR, type Id } from "@onegate/contract";
import { sql } from "kysely";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DEMO_MERCHANT, seedDemo } from "../server/demo/index.ts";
import { createLog, idMaker, messageOf, openDatabase, type Database } from "../server/kernel/index.ts";
import { accountId, clearingCode, createLedger, openAccounts, type Ledger } from "../server/ledger/index.ts";
import type { Payments } from "../server/payments/index.ts";
import { ofInstallation, type RawNotification } from "../server/providers/index.ts";
import {
  onPaymentEnded,
  onPaymentRefunded,
  onRefundAbandoned,
  onSaleCancelled,
  type Sales,
} from "../server/sales/index.ts";
import { openTestDatabase, type TestDatabase } from "../server/testing/database.ts";
import { forgetful } from "./canary.ts";
import { SIM_PROVIDER, SimProvider, type Transaction } from "./provider.ts";
import { createRandom, type Random } from "./random.ts";

/** One run of the program: what dies in a crash. Everything that survives is in the database. */
export type Process = {
  readonly database: Database;
  /** Gives the process no more connections, and fails whatever waits for one. */
  readonly die: () => void;
  /** One batch at a time, so that batches are posted in the order in which they came. */
  readonly ledger: Ledger;
  /** Several batches at a time, for concurrent transfers. */
  readonly crowdedLedger: Ledger;
  readonly payments: Payments;
  readonly sales: Sales;
};

/** A notification in flight. */
export type Letter = {
  /** `3 paid`: its number and status. */
  readonly name: string;
  readonly raw: RawNotification;
  readonly transaction: Transaction;
};

/** The simulated time at the start: a Monday morning in Jakarta. */
const BEGINNING = Date.UTC(2026, 0, 5, 1, 0, 0);
const CONNECTIONS = 6;
/** A killed connection is noticed within a few milliseconds. */
const SETTLE_PAUSE_MS = 2;
const MAX_SETTLE_TRIES = 500;

/**
 * Everything around the code under test: the time, the provider, the network between, and the power switch.
 * Time moves only when the world moves it, for the database too.
 */
export class World {
  readonly random: Random;
  readonly provider: SimProvider;
  /** Notifications not yet accepted; the network delivers them in any order, some of them twice. */
  letters: Letter[] = [];
  /** The same for orders in a race. */
  racedLetters: Letter[] = [];
  process: Process;
  crashes = 0;
  readonly #test: TestDatabase;
  readonly #canary: boolean;
  readonly #ids: Random;
  readonly #closing: Array<Promise<void>> = [];
  #now = BEGINNING;
  #sent = 0;
  #made = 0;
  readonly #raced = new Set<string>();

  private constructor(test: TestDatabase, seed: number, canary: boolean) {
    this.#test = test;
    this.#canary = canary;
    this.random = createRandom(`seed ${seed}`);
    this.#ids = this.random.fork("ids");
    this.provider = new SimProvider(
      () => this.#now,
      (raw, transaction) => this.#send(raw, transaction),
      this.random.fork("provider").chance(60),
    );
    this.process = this.#start();
  }

  /** A world with an empty demo shop whose provider is the simulation's. */
  static async open(seed: number, canary: boolean): Promise<World> {
    // one connection, for the observer: every other connection belongs to the process and can be killed;
    // deadlocks are counted and reported by the auditor
    const test = await openTestDatabase(1, { mayDeadlock: true });
    const world = new World(test, seed, canary);
    await takeTime(world.eye, new Date(BEGINNING));
    await seedDemo(world.process.database, world.process.ledger);
    await openAccounts(world.eye, DEMO_MERCHANT, [
      {
        id: accountId(DEMO_MERCHANT, clearingCode(SIM_PROVIDER)),
        code: clearingCode(SIM_PROVIDER),
        kind: "provider_clearing",
        currency: IDR,
      },
    ]);
    // odd prices, so that cash is rounded
    await sql`update product set price = price + 3300 * rank`.execute(world.eye);
    return world;
  }

  /** The observer's own view of the database, outside the process. */
  get eye() {
    return this.#test.database.kysely;
  }

  now(): number {
    return this.#now;
  }

  /** Advances the time; the provider does what is due. */
  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    await sql`update sim.clock set at = ${new Date(this.#now)}`.execute(this.eye);
    this.provider.tick();
  }

  /**
   * Ids from their own stream, numbered as they are made, so that the number of ids needed influences nothing
   * else.
   */
  newId(): Id {
    this.#made += 1;
    return idMaker(this, (size) => {
      const bytes = this.#ids.bytes(size);
      bytes.set([0, 0, 0]);
      new DataView(bytes.buffer).setUint32(3, this.#made);
      return bytes;
    })();
  }

  /** Marks an order as raced: its outcome, and what the provider sends, must not influence other orders. */
  races(orderId: string): void {
    this.#raced.add(orderId);
  }

  /** A notification was accepted; the provider does not send it again. */
  took(letter: Letter): void {
    this.letters = this.letters.filter((other) => other !== letter);
    this.racedLetters = this.racedLetters.filter((other) => other !== letter);
  }

  /** Kills every connection of the process in the middle of whatever it does. */
  async killConnections(): Promise<void> {
    await this.#test.database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }

  /** Ends the process abruptly and starts the next one on the same database. */
  async crash(): Promise<void> {
    this.crashes += 1;
    const old = this.process;
    old.die();
    this.process = this.#start();
    this.#closing.push(old.database.close().catch(() => undefined));
    await this.killConnections();
    await this.settle();
  }

  /**
   * Waits until the process has recovered from lost connections: each one that it holds answers. Missing ones
   * are opened when they are needed.
   */
  async settle(): Promise<void> {
    const { pool } = this.process.database;
    for (let tries = 1; ; tries++) {
      try {
        await Promise.all(Array.from({ length: Math.max(pool.totalCount, 1) }, () => pool.query("select 1")));
        return;
      } catch (error) {
        if (tries === MAX_SETTLE_TRIES)
          throw new Error(`the database did not come back: ${messageOf(error)}`, { cause: error });
        await sleep(SETTLE_PAUSE_MS);
      }
    }
  }

  /** Lets others run for some turns of the event loop; how far they get does not depend on the seed. */
  async moment(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await turn();
  }

  /**
   * Ends the process and returns how many deadlocks PostgreSQL found in this world. A connection reports its
   * own when it ends.
   */
  async countDeadlocks(): Promise<bigint> {
    this.process.die();
    await this.killConnections();
    for (;;) {
      const { rows } = await sql<{ deadlocks: bigint; others: bigint }>`
        select deadlocks,
               (select count(*) from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid()) as others
          from pg_stat_database where datname = current_database()`.execute(this.eye);
      if (rows[0]?.others === 0n) return rows[0].deadlocks;
      await sleep(SETTLE_PAUSE_MS);
    }
  }

  async close(): Promise<void> {
    await this.process.database.close();
    await Promise.all(this.#closing);
    await this.#test.close();
  }

  #send(raw: RawNotification, transaction: Transaction): void {
    if (this.#raced.has(transaction.orderId ?? ""))
      this.racedLetters.push({ name: "raced", raw, transaction });
    else this.letters.push({ name: `${(this.#sent += 1)} ${transaction.status}`, raw, transaction });
  }

  #start(): Process {
    const database = openDatabase(this.#test.connection, CONNECTIONS, () => undefined);
    const die = makeMortal(database.pool);
    const real = createLedger(database, { concurrency: 1, queue: 20_000 });
    const ledger = this.#canary ? forgetful(real, this.random.fork("canary")) : real;
    const newProcessId = () => this.newId();
    const log = createLog("silent");
    const payments: Payments = {
      database,
      ledger,
      clock: this,
      newId: newProcessId,
      log,
      providers: ofInstallation([this.provider]),
      homeMerchant: async () => DEMO_MERCHANT,
      refusesSurcharges: true,
      onEnded: (tx, payment) => onPaymentEnded(tx, sales, payment),
      onRefunded: (tx, refund) => onPaymentRefunded(tx, refund),
      onRefundAbandoned,
      onOrderCancelled: onSaleCancelled,
    };
    const sales: Sales = { database, ledger, payments, newId: newProcessId };
    return {
      database,
      die,
      ledger,
      crowdedLedger: createLedger(database, { concurrency: 3, queue: 20_000 }),
      payments,
      sales,
    };
  }
}

type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

/**
 * Makes a pool mortal: calling the returned function fails everyone who waits for a connection. A pool that
 * is merely ended lets them run into their timeout, five seconds of real time.
 */
function makeMortal(pool: pg.Pool): () => void {
  const waiting = new Set<(error: Error) => void>();
  let isDead = false;
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  async function connectAlive(): Promise<pg.PoolClient> {
    if (isDead) throw new Error("the process is dead");
    const death = Promise.withResolvers<never>();
    waiting.add(death.reject);
    const client = connect();
    try {
      return await Promise.race([client, death.promise]);
    } catch (error) {
      void client.then(
        (late) => late.release(true),
        () => undefined,
      );
      throw error;
    } finally {
      waiting.delete(death.reject);
    }
  }
  pool.connect = ((callback?: Callback) => {
    const client = connectAlive();
    if (!callback) return client;
    void client.then(
      (one) => callback(undefined, one, (error) => one.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }) as typeof pool.connect;
  return () => {
    isDead = true;
    for (const reject of waiting) reject(new Error("the process is dead"));
  };
}

/** Replaces the database's clock with the world's: `now()` is found in the schema `sim` first. */
async function takeTime(eye: Database["kysely"], beginning: Date): Promise<void> {
  await sql`create schema sim`.execute(eye);
  await sql`create table sim.clock (at timestamptz not null)`.execute(eye);
  await sql`insert into sim.clock values (${beginning})`.execute(eye);
  await sql`
    create function sim.now() returns timestamptz language sql stable
      as 'select at from sim.clock'`.execute(eye);
  // column defaults were bound to the real clock when their tables were created
  await sql`
    do $$ declare c record; begin
      for c in select table_name, column_name from information_schema.columns
                where table_schema = 'public' and column_default = 'now()' loop
        execute format(
          'alter table public.%I alter column %I set default sim.now()', c.table_name, c.column_name);
      end loop;
      execute format('alter database %I set search_path = sim, pg_catalog, public', current_database());
    end $$`.execute(eye);
}
