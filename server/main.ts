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
  migrate     bring the database to the newest schema, and end
  books       print every account with its balance; they sum to zero
  proof       check the books; --json prints one line; --new only what came since the last daily proof; --heads FILE
              against heads that were exported earlier; exit code 1 when something is wrong
              --date YYYY-MM-DD compares that business day instead: till, payments, statements and ledger, by provider and
              method, and names the documents at fault
  heads       print the signed heads of the ledger's chains and of the audit trails, of today or of --day YYYY-MM-DD: keep them elsewhere
  setup-code  print a code that sets up a shop, the first or a further one; good once, for a day
  owner-code  print a code that lets an owner in whose devices or PIN are gone, good once, for half an hour: in the till choose
              "owner's way back in"; where there are several shops, name one: owner-code NAME
  help        print this

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
        say(done === 0 ? "The schema is the newest already." : `${done} migrations were applied.`);
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
    // each is ended also when the one before could not be
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
  const asked = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  // a terminal that is gone and a full disk must not end the program that talks to them
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  process.once("uncaughtException", (thrown) => void endAfterBug(thrown, stopAll));
  try {
    // what does not need the other goes on at the same time
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
  await asked;
  say("Menutup… / Stopping: finishing what is in flight.");
  // a second Ctrl-C does not wait
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  await stopAll();
  // what could not be ended in time holds the process no longer
  setTimeout(() => process.exit(), LINGER_MS).unref();
  return 0;
}

const MAX_ENDING_MS = 10_000;

/** A bug that nobody caught: what the program holds can't be trusted, so it ends, and leaves neither PostgreSQL nor the simulator behind. */
async function endAfterBug(thrown: unknown, stopAll: () => Promise<void>): Promise<void> {
  // what follows from the same bug changes nothing more
  process.on("uncaughtException", () => undefined);
  process.stderr.write(
    `onegate: a bug ends it: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
  );
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
  say(
    `  Onegate is ready after ${(ms / 1000).toFixed(1)} s${settings.mode === "sandbox" ? "  ·  SANDBOX: no real money" : ""}`,
  );
  say("");
  say(`  Till        ${shown}`);
  if (code !== undefined) say(`  Set-up      ${shown}/#setup=${code}   (code ${code}, good once, for a day)`);
  if (settings.mode === "sandbox") {
    say(`  PINs        ${CAFE.staff.map(({ name, role, pin }) => `${name} (${role}) ${pin}`).join(" · ")}`);
  }
  if (simulatorUrl)
    say(`  Simulator   ${simulatorUrl.replace("127.0.0.1", "localhost")}   (pay the QR codes here)`);
  say(`  API         ${shown}/openapi.json   ·   health ${shown}/readyz   ·   figures ${shown}/metrics`);
  if (cluster)
    say(
      `  PostgreSQL  psql -h ${cluster.connection.host} -U ${cluster.connection.user} ${cluster.connection.database}${cluster.adopted ? "   (taken over from a killed Onegate)" : ""}`,
    );
  say(`  Books       npm run --silent books`);
  say("");
  say("  Ctrl-C ends it.");
}

/** Runs with a database that nobody else has to serve: starts the embedded one where there is no server. */
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

/** Runs beside a running Onegate, on its PostgreSQL, or on one started for the purpose. */
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
        say(
          `  ${shown.padEnd(22)} ${toText(money(posted < 0n ? -posted : posted, currency)).padStart(18)} ${side.padEnd(7)} ${String(version).padStart(5)} entries   ${accountKinds[kind].is}`,
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
        `The books hold: every currency sums to zero; ${accounts} balances equal their ${entries} entries; every chain is whole; ${sealed} transfers are as they were sealed, ${unsealed} are not sealed yet.`,
      );
    } else for (const { rule, subject, detail } of breaches) say(`BROKEN  ${rule}: ${subject} (${detail})`);
    return holds ? 0 : 1;
  } finally {
    await database.close();
  }
}

/** Compares a business day, and names what is at fault. */
async function dayProof(connection: Connection, date: string, json: boolean): Promise<number> {
  if (!isDay(date)) throw new StartFailure(`${date} is no day of the calendar.`, "Write it as YYYY-MM-DD.");
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
  say(
    `  ${"".padEnd(24)} ${["till", "gateway", "payments", "ledger", "statements"].map((word) => word.padStart(16)).join("")}`,
  );
  for (const { provider, method, till, gateway, payments, ledger, statements } of day.lines) {
    say(
      `  ${`${provider} ${method}`.padEnd(24)} ${[till, gateway, payments, ledger].map(shown).join("")}${statements === null ? "-".padStart(16) : shown(statements)}`,
    );
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
      "Give the file that `onegate heads` wrote.",
    );
  }
}

/** Prints the signed heads of a day, or signs and prints those of today. */
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
