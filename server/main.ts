import { toText, money } from "@onegate/contract";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CAFE } from "./demo/index.ts";
import { merchants } from "./identity/index.ts";
import { describeSettings, messageOf, openDatabase, readSettings, StartFailure, startCluster, type Cluster, type Connection, type Settings } from "./kernel/index.ts";
import { accountKinds, balancesOf, breaches } from "./ledger/index.ts";
import { startProgram, type Program } from "./roles.ts";
import { prepareSchema } from "./schema.ts";
import { startSimulatorProcess, type SimulatorProcess } from "./simulator.ts";
import { buildTill, TILL } from "./till-build.ts";

const HELP = `Usage: npm start                        start everything
       npm run onegate -- COMMAND

Commands
  serve       start everything (default)
  migrate     bring the database to the newest schema, and end
  books       print every account with its balance; they sum to zero
  proof       check the books; --json prints one line; exit code 1 when something is wrong
  help        print this

Settings, from the environment [default]
${describeSettings()}
`;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, strict: false, options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
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
        const database = openDatabase(connection, 4, () => undefined);
        const done = await prepareSchema(database);
        await database.close();
        say(done === 0 ? "The schema is the newest already." : `${done} migrations were applied.`);
        return 0;
      });
    case "books":
    case "proof":
      return withDatabase(settings, (connection) => (command === "books" ? books(connection) : proof(connection, values.json === true)));
    default:
      throw new StartFailure(`There is no command ${command}.`, "See npm run onegate -- help.");
  }
}

async function serve(settings: Settings): Promise<number> {
  const begun = performance.now();
  let cluster: Cluster | undefined;
  let simulator: SimulatorProcess | undefined;
  let program: Program | undefined;
  const stopAll = async () => {
    await program?.stop();
    await simulator?.stop();
    await cluster?.stop();
  };
  const asked = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  try {
    // what does not need the other goes on at the same time
    const till = buildTill();
    till.catch(() => undefined);
    cluster = settings.databaseUrl ? undefined : await startCluster({ data: settings.data });
    if (settings.simulator) simulator = await startSimulatorProcess({ host: settings.host, port: settings.simulatorPort, data: settings.data });
    await till;
    const tripayUrl = settings.tripayUrl || (simulator ? `${simulator.url}/api-sandbox` : "");
    if (!tripayUrl) throw new StartFailure("There is no payment provider: the simulator is off and TRIPAY_URL is not set.", "Set TRIPAY_URL, or ONEGATE_SIMULATOR=on.");
    program = await startProgram({ settings, connection: cluster?.connection ?? settings.databaseUrl, tripayUrl, till: TILL });
  } catch (error) {
    await stopAll().catch(() => undefined);
    throw error;
  }
  greet(settings, program.url, simulator?.url, cluster, performance.now() - begun);
  await asked;
  say("Menutup… / Stopping: finishing what is in flight.");
  // a second Ctrl-C does not wait
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  await stopAll();
  return 0;
}

function greet(settings: Settings, url: string, simulatorUrl: string | undefined, cluster: Cluster | undefined, ms: number): void {
  const shown = url.replace("127.0.0.1", "localhost");
  say("");
  say(`  Onegate is ready after ${(ms / 1000).toFixed(1)} s${settings.mode === "sandbox" ? "  ·  SANDBOX: no real money" : ""}`);
  say("");
  say(`  Till        ${shown}`);
  if (settings.mode === "sandbox") {
    say(`  PINs        ${CAFE.staff.map(({ name, role, pin }) => `${name} (${role}) ${pin}`).join(" · ")}`);
  }
  if (simulatorUrl) say(`  Simulator   ${simulatorUrl.replace("127.0.0.1", "localhost")}   (pay the QR codes here)`);
  say(`  API         ${shown}/openapi.json   ·   health ${shown}/readyz   ·   figures ${shown}/metrics`);
  if (cluster) say(`  PostgreSQL  psql -h ${cluster.connection.host} -U ${cluster.connection.user} ${cluster.connection.database}${cluster.adopted ? "   (taken over from a killed Onegate)" : ""}`);
  say(`  Books       npm run --silent books`);
  say("");
  say("  Ctrl-C ends it.");
}

/** Runs with a database that nobody else has to serve: starts the embedded one where there is no server. */
async function withCluster(settings: Settings, work: (connection: Connection) => Promise<number>): Promise<number> {
  if (settings.databaseUrl) return work(settings.databaseUrl);
  const cluster = await startCluster({ data: settings.data });
  try {
    return await work(cluster.connection);
  } finally {
    await cluster.stop();
  }
}

/** Runs beside a running Onegate, on its PostgreSQL, or on one started for the purpose. */
async function withDatabase(settings: Settings, work: (connection: Connection) => Promise<number>): Promise<number> {
  if (settings.databaseUrl) return work(settings.databaseUrl);
  const running = { host: join(settings.data, "postgres"), user: "onegate", database: "onegate" };
  const probe = openDatabase(running, 4, () => undefined);
  const isRunning = await probe.pool.query("select 1").then(() => true, () => false);
  await probe.close();
  return isRunning ? work(running) : withCluster(settings, work);
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
        say(`  ${shown.padEnd(18)} ${toText(money(posted < 0n ? -posted : posted, currency)).padStart(18)} ${side.padEnd(7)} ${String(version).padStart(5)} entries   ${accountKinds[kind].is}`);
        sums.set(currency, (sums.get(currency) ?? 0n) + posted);
      }
      for (const [currency, sum] of sums) say(`  ${`sum ${currency}`.padEnd(18)} ${sum.toString().padStart(18)}`);
    }
    return 0;
  } finally {
    await database.close();
  }
}

async function proof(connection: Connection, json: boolean): Promise<number> {
  const database = openDatabase(connection, 4, () => undefined);
  try {
    const found = await breaches(database.kysely);
    if (json) say(JSON.stringify({ proof: found.length === 0 ? "holds" : "broken", breaches: found }));
    else if (found.length === 0) say("The books hold: every currency sums to zero, every balance equals its entries, every chain is whole.");
    else for (const { rule, subject, detail } of found) say(`BROKEN  ${rule}: ${subject} (${detail})`);
    return found.length === 0 ? 0 : 1;
  } finally {
    await database.close();
  }
}

function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 24 || (major === 24 && minor < 7)) {
    throw new StartFailure(`This is Node ${process.versions.node}; Onegate needs 24.7 or newer.`, "Run npm ci with optional dependencies, which brings Node 24, or install it.");
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof StartFailure) process.stderr.write(`onegate: ${error.message} ${error.remedy}\n`);
  else process.stderr.write(`onegate: ${messageOf(error)}\n${error instanceof Error ? (error.stack ?? "") : ""}\n`);
  process.exitCode = 1;
}
