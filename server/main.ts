import { isRefusal, toText, money } from "@onegate/contract";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { CAFE } from "./demo/index.ts";
import { merchants } from "./identity/index.ts";
import {
  describeSettings,
  messageOf,
  openDatabase,
  readSettings,
  StartFailure,
  startCluster,
  startSupervisedCluster,
  type Cluster,
  type Connection,
  type Settings,
} from "./kernel/index.ts";
import { accountKinds, balancesOf, signedHeads, type SignedHeads } from "./ledger/index.ts";
import { proveBooks, proveDay, signAllHeads } from "./proof.ts";
import { startProgram, type Program } from "./roles.ts";
import { migrateAsOwner } from "./schema.ts";
import { makeOwnerCode, makeSetupCode } from "./setup/index.ts";
import { dayBody, isDay, type Day } from "./settlement/index.ts";
import { startSimulatorProcess, type SimulatorProcess } from "./simulator.ts";
import { buildTill, TILL } from "./till-build.ts";

const HELP = `Usage: npm start                        start everything
       npm run onegate -- COMMAND

Commands
  serve       start everything (default)
  migrate     migrate the database to the newest schema, then exit
  books       print every account with its balance; the balances sum to zero
  proof       check the books; exit code 1 if something is wrong
              --json prints one line of JSON
              --new checks only what was added since the last daily proof
              --heads FILE also checks against heads that were exported earlier
              --date YYYY-MM-DD instead compares that business day by provider and method across
              till, payments, statements and ledger, and names the documents that differ
  heads       print today's signed heads of the ledger's chains and of the audit trails, or those of
              --day YYYY-MM-DD; keep them on another machine
  setup-code  print a code that sets up a shop, the first or a further one; works once, for one day
  owner-code  print a code for an owner who lost all devices or the PIN; works once, for half an hour:
              in the till choose "owner's way back in"; if there are several shops, name one:
              owner-code NAME
  help        print this help

Settings, from the environment [default]
${describeSettings()}
`;

const OPTIONS = {
  json: { type: "boolean" },
  new: { type: "boolean" },
  heads: { type: "string" },
  day: { type: "string" },
  date: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

const LINGER_MS = 500;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { positionals, values } = readArguments();
  const command = values.help ? "help" : (positionals[0] ?? "serve");
  if (command === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  requireNode();
  const settings = readSettings(process.env);
  switch (command) {
    case "serve":
      return await serve(settings);
    case "migrate":
      return withCluster(settings, async (connection) => {
        const done = await migrateAsOwner(settings.databaseAdminUrl || connection);
        say(done === 0 ? "The schema is up to date." : `${done} migrations were applied.`);
        return 0;
      });
    case "books":
    case "proof":
    case "heads":
      return withDatabase(settings, (connection) => {
        if (command === "books") return books(connection);
        if (command === "heads") return heads(connection, settings, values.day);
        if (values.date !== undefined) return dayProof(connection, values.date, values.json === true);
        return proof(connection, {
          json: values.json === true,
          mode: values.new === true ? "new" : "all",
          heads: values.heads,
        });
      });
    case "setup-code":
    case "owner-code":
      return withDatabase(settings, (connection) =>
        command === "setup-code" ? setupCode(connection) : ownerCode(connection, positionals[1]),
      );
    default:
      throw new StartFailure(`There is no command ${command}.`, "See npm run onegate -- help.");
  }
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new StartFailure(`${messageOf(error).split(". ")[0]}.`, "See npm run onegate -- help.");
  }
}

async function serve(settings: Settings): Promise<number> {
  const begun = performance.now();
  let cluster: Cluster | undefined;
  let simulator: SimulatorProcess | undefined;
  let program: Program | undefined;
  const stopAll = async () => {
    // each is stopped even if stopping the one before failed
    try {
      await program?.stop();
    } finally {
      try {
        await simulator?.stop();
      } finally {
        await cluster?.stop();
      }
    }
  };
  const stopRequested = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  // a closed terminal or a full disk must not end the program
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  process.once("uncaughtException", (thrown) => void endAfterBug(thrown, stopAll));
  try {
    // the till is built while PostgreSQL and the simulator start
    const till = buildTill();
    till.catch(() => undefined);
    cluster = settings.databaseUrl
      ? undefined
      : await startSupervisedCluster({ data: settings.data }, (line) =>
          process.stderr.write(`onegate: ${line}\n`),
        );
    if (settings.simulator)
      simulator = await startSimulatorProcess({
        host: settings.host,
        port: settings.simulatorPort,
        data: settings.data,
        hosts: settings.hosts,
      });
    await till;
    const tripayUrl = settings.tripayUrl || (simulator ? `${simulator.url}/api-sandbox` : "");
    program = await startProgram({
      settings,
      connection: cluster?.connection ?? settings.databaseUrl,
      tripayUrl,
      ...(simulator ? { simulatorUrl: simulator.url } : {}),
      till: TILL,
    });
  } catch (error) {
    await stopAll().catch(() => undefined);
    throw error;
  }
  greet(settings, program, simulator?.url, cluster, performance.now() - begun);
  await stopRequested;
  say("Menutup… / Stopping: finishing what is in flight.");
  // a second Ctrl-C does not wait
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  await stopAll();
  // whatever is still open must not keep the process alive
  setTimeout(() => process.exit(), LINGER_MS).unref();
  return 0;
}

const MAX_ENDING_MS = 10_000;

/**
 * Ends the program after an uncaught exception, because its state can't be trusted, and stops PostgreSQL and
 * the simulator.
 */
async function endAfterBug(thrown: unknown, stopAll: () => Promise<void>): Promise<void> {
  // ignore further exceptions while stopping
  process.on("uncaughtException", () => undefined);
  const description = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(`onegate: stopping because of a bug: ${description}\n`);
  const ended = stopAll().catch(() => undefined);
  await Promise.race([ended, sleep(MAX_ENDING_MS)]);
  process.exit(1);
}

function greet(
  settings: Settings,
  { url, setupCode: code }: Program,
  simulatorUrl: string | undefined,
  cluster: Cluster | undefined,
  ms: number,
): void {
  const shown = url.replace("127.0.0.1", "localhost");
  say("");
  const sandbox = settings.mode === "sandbox" ? "  ·  SANDBOX: no real money" : "";
  say(`  Onegate is ready after ${(ms / 1000).toFixed(1)} s${sandbox}`);
  say("");
  say(`  Till        ${shown}`);
  if (code !== undefined)
    say(`  Set-up      ${shown}/#setup=${code}   (code ${code}, works once, for one day)`);
  if (settings.mode === "sandbox") {
    say(`  PINs        ${CAFE.staff.map(({ name, role, pin }) => `${name} (${role}) ${pin}`).join(" · ")}`);
  }
  if (simulatorUrl)
    say(`  Simulator   ${simulatorUrl.replace("127.0.0.1", "localhost")}   (pay the QR codes here)`);
  say(`  API         ${shown}/openapi.json   ·   health ${shown}/readyz   ·   metrics ${shown}/metrics`);
  if (cluster) {
    const { host, user, database } = cluster.connection;
    const adopted = cluster.adopted ? "   (taken over from a killed Onegate)" : "";
    say(`  PostgreSQL  psql -h ${host} -U ${user} ${database}${adopted}`);
  }
  say(`  Books       npm run --silent books`);
  say("");
  say("  Ctrl-C ends it.");
}

/** Runs `work` on the configured server, or on the embedded PostgreSQL, which it starts and stops. */
async function withCluster(
  settings: Settings,
  work: (connection: Connection) => Promise<number>,
): Promise<number> {
  if (settings.databaseUrl) return work(settings.databaseUrl);
  const cluster = await startCluster({ data: settings.data });
  try {
    return await work(cluster.connection);
  } finally {
    await cluster.stop();
  }
}

/** Runs `work` on the PostgreSQL of a running Onegate, or starts one for it. */
async function withDatabase(
  settings: Settings,
  work: (connection: Connection) => Promise<number>,
): Promise<number> {
  if (settings.databaseUrl) return work(settings.databaseUrl);
  const running = { host: join(settings.data, "postgres"), user: "onegate", database: "onegate" };
  const probe = openDatabase(running, 4, () => undefined);
  const isRunning = await probe.pool.query("select 1").then(
    () => true,
    () => false,
  );
  await probe.close();
  return isRunning ? work(running) : withCluster(settings, work);
}

async function setupCode(connection: Connection): Promise<number> {
  const database = openDatabase(connection, 2, () => undefined);
  try {
    const { code, expiresAt } = await makeSetupCode(database);
    say(`${code}   sets up one shop, until ${expiresAt.toISOString()}`);
    return 0;
  } finally {
    await database.close();
  }
}

async function ownerCode(connection: Connection, shop: string | undefined): Promise<number> {
  const database = openDatabase(connection, 2, () => undefined);
  try {
    const made = await makeOwnerCode(database, shop);
    if (isRefusal(made)) {
      const names = (await merchants(database.kysely))
        .map(({ name, merchantId }) => `${name} (${merchantId})`)
        .join(", ");
      throw new StartFailure(
        names === "" ? "There is no shop here yet." : `Which shop? There are ${names}.`,
        "Name one: npm run onegate -- owner-code NAME, or its id.",
      );
    }
    say(`${made.code}   lets an owner of ${made.merchant} in, until ${made.expiresAt.toISOString()}`);
    return 0;
  } finally {
    await database.close();
  }
}

async function books(connection: Connection): Promise<number> {
  const database = openDatabase(connection, 4, () => undefined);
  try {
    for (const { merchantId, name } of await merchants(database.kysely)) {
      say(name);
      const sums = new Map<string, bigint>();
      for (const { code, kind, currency, posted, version } of await balancesOf(database.kysely, merchantId)) {
        const shown = code.startsWith("drawer:") ? "drawer" : code;
        const side = posted === 0n ? "" : posted > 0n ? "credit" : "debit";
        const amount = toText(money(posted < 0n ? -posted : posted, currency));
        say(
          `  ${shown.padEnd(22)} ${amount.padStart(18)} ${side.padEnd(7)} ` +
            `${String(version).padStart(5)} entries   ${accountKinds[kind].is}`,
        );
        sums.set(currency, (sums.get(currency) ?? 0n) + posted);
      }
      for (const [currency, sum] of sums)
        say(`  ${`sum ${currency}`.padEnd(22)} ${sum.toString().padStart(18)}`);
    }
    return 0;
  } finally {
    await database.close();
  }
}

async function proof(
  connection: Connection,
  { json, mode, heads }: { json: boolean; mode: "all" | "new"; heads: string | undefined },
): Promise<number> {
  const database = openDatabase(connection, 4, () => undefined);
  const begun = performance.now();
  try {
    const found = await proveBooks(database, {
      mode,
      ...(heads === undefined ? {} : { heads: readHeads(heads) }),
    });
    const { breaches, accounts, entries, sealed, unsealed } = found;
    const holds = breaches.length === 0;
    if (json) {
      say(
        JSON.stringify({
          proof: holds ? "holds" : "broken",
          mode,
          breaches,
          accounts,
          entries: Number(entries),
          sealed: Number(sealed),
          unsealed: Number(unsealed),
          ms: Math.round(performance.now() - begun),
        }),
      );
    } else if (holds) {
      say(
        `The books hold: every currency sums to zero; ${accounts} balances equal their ${entries} entries; ` +
          `every chain is whole; ${sealed} transfers are as they were sealed, ` +
          `${unsealed} are not sealed yet.`,
      );
    } else for (const { rule, subject, detail } of breaches) say(`BROKEN  ${rule}: ${subject} (${detail})`);
    return holds ? 0 : 1;
  } finally {
    await database.close();
  }
}

/** Reconciles a business day, and names the documents that differ. */
async function dayProof(connection: Connection, date: string, json: boolean): Promise<number> {
  if (!isDay(date)) throw new StartFailure(`${date} is not a date.`, "Write it as YYYY-MM-DD.");
  const database = openDatabase(connection, 2, () => undefined);
  try {
    const days = await proveDay(database, date);
    if (json)
      say(
        JSON.stringify({
          proof: days.every(({ breaks }) => breaks.length === 0) ? "holds" : "broken",
          date,
          days: days.map(dayBody),
        }),
      );
    else for (const day of days) sayDay(day);
    return days.every(({ breaks }) => breaks.length === 0) ? 0 : 1;
  } finally {
    await database.close();
  }
}

function sayDay(day: Day): void {
  say(`${day.merchant}, ${day.date}`);
  const shown = (minor: bigint) => toText(money(minor, day.currency)).padStart(16);
  const columns = ["till", "gateway", "payments", "ledger", "statements"];
  say(`  ${"".padEnd(24)} ${columns.map((column) => column.padStart(16)).join("")}`);
  for (const { provider, method, till, gateway, payments, ledger, statements } of day.lines) {
    const amounts = [till, gateway, payments, ledger].map(shown).join("");
    const settled = statements === null ? "-".padStart(16) : shown(statements);
    say(`  ${`${provider} ${method}`.padEnd(24)} ${amounts}${settled}`);
  }
  for (const note of day.notes) say(`  ${note}`);
  for (const { document, shown: name, id, rule, detail } of day.breaks)
    say(`BROKEN  ${rule}: ${document} ${name} (${id}) ${detail}`);
  if (day.breaks.length === 0) say("The day ties.");
}

function readHeads(file: string): SignedHeads {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SignedHeads;
  } catch (error) {
    throw new StartFailure(
      `${file} holds no signed heads: ${messageOf(error)}.`,
      "Pass the output of `onegate heads`.",
    );
  }
}

/** Prints the signed heads of a day, or signs and prints today's. */
async function heads(connection: Connection, settings: Settings, day: string | undefined): Promise<number> {
  const database = openDatabase(connection, 2, () => undefined);
  try {
    const signed =
      day === undefined ? await signAllHeads(database, settings) : await signedHeads(database.kysely, day);
    if (!signed)
      throw new StartFailure(
        `No heads were signed on ${day}.`,
        "They are signed once a day while Onegate runs.",
      );
    say(JSON.stringify(signed));
    return 0;
  } finally {
    await database.close();
  }
}

function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 24 || (major === 24 && minor < 7)) {
    throw new StartFailure(
      `This is Node ${process.versions.node}; Onegate needs 24.7 or newer.`,
      "Run npm ci with optional dependencies, which brings Node 24, or install it.",
    );
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof StartFailure) process.stderr.write(`onegate: ${error.message} ${error.remedy}\n`);
  else
    process.stderr.write(
      `onegate: ${messageOf(error)}\n${error instanceof Error ? (error.stack ?? "") : ""}\n`,
    );
  process.exitCode = 1;
}
