import { IDR, type Id } from "@onegate/contract";
import { sql } from "kysely";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { DEMO_MERCHANT, seedDemo } from "../server/demo/index.ts";
import { createLog, idMaker, messageOf, openDatabase, type Database } from "../server/kernel/index.ts";
import { accountId, clearingCode, createLedger, openAccounts, type Ledger } from "../server/ledger/index.ts";
import type { Payments } from "../server/payments/index.ts";
import { ofInstallation, type RawNotification } from "../server/providers/index.ts";
import { onPaymentEnded, onPaymentRefunded, onRefundGivenUp, onSaleCancelled, type Sales } from "../server/sales/index.ts";
import { openTestDatabase, type TestDatabase } from "../server/testing/database.ts";
import { forgetful } from "./canary.ts";
import { SIM_PROVIDER, SimProvider, type Transaction } from "./provider.ts";
import { createRandom, type Random } from "./random.ts";

/** One run of the program: what dies in a crash. All that outlives it is in the database. */
export type Process = {
  readonly database: Database;
  /** One lane, so that batches are posted in the order in which they came. */
  readonly ledger: Ledger;
  /** Several lanes, for many at once. */
  readonly crowdedLedger: Ledger;
  readonly payments: Payments;
  readonly sales: Sales;
};

/** A notification on its way to us. */
export type Letter = { /** `3 paid`: the third, and what it says. */ readonly name: string; readonly raw: RawNotification; readonly transaction: Transaction };

/** The first moment: a Monday morning in Jakarta. */
const BEGINNING = Date.UTC(2026, 0, 5, 1, 0, 0);
const CONNECTIONS = 6;

/**
 * Everything around the code under test: the time, the provider, the network between, and the power switch. Time only
 * moves when the world moves it, also for the database.
 */
export class World {
  readonly random: Random;
  readonly provider: SimProvider;
  /** Notifications that nobody has taken yet; the network delivers them in any order, some of them twice. */
  letters: Letter[] = [];
  /** The same for orders that were raced for. */
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
    this.provider = new SimProvider(() => this.#now, (raw, transaction) => this.#send(raw, transaction), this.random.fork("provider").chance(60));
    this.process = this.#start();
  }

  /** A world with an empty demo shop whose provider is the simulation's. */
  static async open(seed: number, canary: boolean): Promise<World> {
    // one connection, that of the observer: whoever else is connected belongs to the process and can be killed
    const test = await openTestDatabase(1);
    const world = new World(test, seed, canary);
    await takeTime(world.eye, new Date(BEGINNING));
    await seedDemo(world.process.database, world.process.ledger);
    await openAccounts(world.eye, DEMO_MERCHANT, [
      { id: accountId(DEMO_MERCHANT, clearingCode(SIM_PROVIDER)), code: clearingCode(SIM_PROVIDER), kind: "provider_clearing", currency: IDR },
    ]);
    // odd prices, so that cash is rounded
    await sql`update product set price = price + 3300 * rank`.execute(world.eye);
    return world;
  }

  /** The observer's own look at the database, beside the process. */
  get eye() {
    return this.#test.database.kysely;
  }

  now(): number {
    return this.#now;
  }

  /** Lets time pass; the provider does what is due. */
  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    await sql`update sim.clock set at = ${new Date(this.#now)}`.execute(this.eye);
    this.provider.tick();
  }

  /** Ids from a stream of their own, in the order in which they are made: so how many are needed decides nothing else. */
  newId(): Id {
    this.#made += 1;
    return idMaker(this, (size) => {
      const bytes = this.#ids.bytes(size);
      bytes.set([0, 0, 0]);
      new DataView(bytes.buffer).setUint32(3, this.#made);
      return bytes;
    })();
  }

  /** Things happen to an order at the same moment; what comes of it, and what the provider sends, decides nothing about other orders. */
  races(orderId: string): void {
    this.#raced.add(orderId);
  }

  /** A notification was taken; the provider does not send it again. */
  took(letter: Letter): void {
    this.letters = this.letters.filter((other) => other !== letter);
    this.racedLetters = this.racedLetters.filter((other) => other !== letter);
  }

  /** Kills every connection of the process in the middle of whatever it does. */
  async killConnections(): Promise<void> {
    await this.#test.database.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
  }

  /** Ends the process without a word and starts the next one over the same database. */
  async crash(): Promise<void> {
    this.crashes += 1;
    const old = this.process;
    this.process = this.#start();
    this.#closing.push(old.database.close().catch(() => undefined));
    await this.killConnections();
    await this.settle();
  }

  /** Waits until the process has got over lost connections. */
  async settle(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await Promise.all(Array.from({ length: CONNECTIONS }, () => this.process.database.pool.query("select 1")));
        return;
      } catch (error) {
        if (tries === 50) throw new Error(`the database does not come back: ${messageOf(error)}`, { cause: error });
        await sleep(5);
      }
    }
  }

  /** Lets others run for a moment: how far they get is not the seed's to say. */
  async moment(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await turn();
  }

  async close(): Promise<void> {
    await this.process.database.close();
    await Promise.all(this.#closing);
    await this.#test.close();
  }

  #send(raw: RawNotification, transaction: Transaction): void {
    if (this.#raced.has(transaction.orderId ?? "")) this.racedLetters.push({ name: "raced", raw, transaction });
    else this.letters.push({ name: `${(this.#sent += 1)} ${transaction.status}`, raw, transaction });
  }

  #start(): Process {
    const database = openDatabase(this.#test.connection, CONNECTIONS, () => undefined);
    const real = createLedger(database, { lanes: 1, queue: 20_000 });
    const ledger = this.#canary ? forgetful(real, this.random.fork("canary")) : real;
    const newProcessId = () => this.newId();
    const log = createLog("silent");
    const poke = () => undefined;
    const payments: Payments = {
      database, ledger, clock: this, newId: newProcessId, log, poke,
      providers: ofInstallation([this.provider]),
      homeMerchant: async () => DEMO_MERCHANT,
      refusesSurcharges: true,
      onEnded: (tx, payment) => onPaymentEnded(tx, sales, payment),
      onRefunded: (tx, refund) => onPaymentRefunded(tx, refund),
      onRefundGivenUp,
      onOrderCancelled: onSaleCancelled,
    };
    const sales: Sales = { database, ledger, payments, newId: newProcessId, poke };
    return { database, ledger, crowdedLedger: createLedger(database, { lanes: 3, queue: 20_000 }), payments, sales };
  }
}

/** Puts the world's clock in the place of the database's: `now()` is looked for in the schema `sim` first. */
async function takeTime(eye: Database["kysely"], beginning: Date): Promise<void> {
  await sql`create schema sim`.execute(eye);
  await sql`create table sim.clock (at timestamptz not null)`.execute(eye);
  await sql`insert into sim.clock values (${beginning})`.execute(eye);
  await sql`create function sim.now() returns timestamptz language sql stable as 'select at from sim.clock'`.execute(eye);
  // a column's default was bound to the real clock when its table was made
  await sql`
    do $$ declare c record; begin
      for c in select table_name, column_name from information_schema.columns where table_schema = 'public' and column_default = 'now()' loop
        execute format('alter table public.%I alter column %I set default sim.now()', c.table_name, c.column_name);
      end loop;
      execute format('alter database %I set search_path = sim, pg_catalog, public', current_database());
    end $$`.execute(eye);
}
