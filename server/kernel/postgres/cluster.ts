import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { codeOf, messageOf, StartFailure } from "../failure.ts";
import { chooseRunner, findBinaries, type Runner } from "./binaries.ts";

/** A running embedded PostgreSQL that only this process may use. */
export type Cluster = {
  readonly connection: { readonly host: string; readonly user: string; readonly database: string };
  /** The data folder. */
  readonly folder: string;
  /** The postmaster's process id. */
  readonly pid: number;
  /** Whether this is the PostgreSQL that a killed Onegate left running. */
  readonly adopted: boolean;
  /**
   * Whether this process still holds the instance lock. When a backend crashes, PostgreSQL drops all
   * sessions, also the one with the lock.
   */
  readonly isHeld: boolean;
  /**
   * Stops PostgreSQL with a fast shutdown: open transactions are rolled back, everything committed is on
   * disk. Does nothing if the lock is lost.
   */
  stop(): Promise<void>;
};

export type ClusterOptions = {
  /** Contains `postgres/` (the data) and `postgres.log`. */
  readonly data: string;
  /** PostgreSQL settings beyond the defaults; for tests and measurements. */
  readonly settings?: Readonly<Record<string, string>>;
};

const USER = "onegate";
const MAJOR = "18";
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;
/** How long backends may outlive a killed postmaster: each notices it only when its current work ends. */
const ORPHANS_LIMIT_MS = 20_000;
/** Advisory lock of the one Onegate that uses an embedded cluster. */
const INSTANCE_LOCK = 7_226_144_283_749;
const LOG_LIMIT_BYTES = 10_000_000;

const SETTINGS = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "60",
  shared_buffers: "256MB",
  wal_buffers: "16MB",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  random_page_cost: "1.1",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_statement: "none",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
} as const;

/**
 * Starts the cluster in `data`, creating it the first time, or adopts the one that a killed Onegate left
 * running. Throws a `StartFailure`, without changing anything, if the folder is in use, not writable, damaged
 * or of another version.
 */
export async function startCluster({ data, settings = {} }: ClusterOptions): Promise<Cluster> {
  const folder = join(data, "postgres");
  const owner = prepareFolder(data, folder);
  const runner = chooseRunner(owner);
  const connection = { host: socketFolder(folder), user: USER, database: USER };

  const running = await findRunning(folder, connection.host);
  if (running) {
    return hold({ connection, folder, pid: running, adopted: true });
  }

  const { postgres, initdb } = findBinaries(runner);
  if (!existsSync(folder)) makeCluster(initdb, data, folder, runner);
  const logFile = join(data, "postgres.log");
  const deadline = Date.now() + ORPHANS_LIMIT_MS;
  let pid = await launch(postgres, folder, logFile, runner, { ...SETTINGS, ...settings }, connection.host);
  while (pid === "orphans") {
    if (Date.now() > deadline)
      throw new StartFailure(
        `Processes of a PostgreSQL that was killed still use the data in ${folder}.`,
        "End them, then start Onegate again. Nothing was changed.",
      );
    await sleep(WATCH_MS);
    pid = await launch(postgres, folder, logFile, runner, { ...SETTINGS, ...settings }, connection.host);
  }
  return hold({ connection, folder, pid, adopted: false });
}

/** Takes the instance lock of a running cluster. */
async function hold(cluster: Omit<Cluster, "isHeld" | "stop">): Promise<Cluster> {
  const lock = await lockInstance(cluster.connection.host, cluster.folder);
  let isHeld = true;
  lock.once("end", () => (isHeld = false));
  return {
    ...cluster,
    get isHeld() {
      return isHeld;
    },
    async stop() {
      if (!isHeld) return;
      await lock.end().catch(() => undefined);
      await endPostmaster(cluster.pid);
    },
  };
}

/** How often a supervised cluster is checked, and the pause after a failed start. */
const WATCH_MS = 200;

/**
 * Starts a supervised cluster. If its postmaster dies while Onegate runs (killed, out of memory), it is
 * restarted with the same settings, as often as needed. If it only drops its sessions, the instance lock is
 * taken again. `report` gets a line about each.
 */
export async function startSupervisedCluster(
  options: ClusterOptions,
  report: (line: string) => void,
): Promise<Cluster> {
  let current = await startCluster(options);
  let restarting: Promise<void> | undefined;
  let stopped = false;
  async function restart(): Promise<void> {
    report(
      isAlive(current.pid)
        ? `PostgreSQL (process ${current.pid}) dropped all its sessions. Reconnecting to it.`
        : `PostgreSQL (process ${current.pid}) died. Starting it again.`,
    );
    for (let last = ""; !stopped; await sleep(WATCH_MS)) {
      try {
        current = await startCluster(options);
        report(`PostgreSQL is back (process ${current.pid}).`);
        return;
      } catch (error) {
        const why = messageOf(error);
        if (why !== last) report(`PostgreSQL does not start yet: ${why}`);
        last = why;
      }
    }
  }
  const watch = setInterval(() => {
    if (stopped || restarting || (current.isHeld && isAlive(current.pid))) return;
    restarting = restart().finally(() => (restarting = undefined));
  }, WATCH_MS);
  return {
    connection: current.connection,
    folder: current.folder,
    get pid() {
      return current.pid;
    },
    adopted: current.adopted,
    get isHeld() {
      return current.isHeld;
    },
    async stop() {
      stopped = true;
      clearInterval(watch);
      await restarting;
      // if the lock was lost and no other process has taken it, this one still has to stop PostgreSQL
      if (!current.isHeld && isAlive(current.pid)) current = await startCluster(options).catch(() => current);
      await current.stop();
    },
  };
}

function prepareFolder(data: string, folder: string): { uid: number; gid: number } | undefined {
  try {
    mkdirSync(data, { recursive: true });
    for (const name of readdirSync(data)) {
      if (name.startsWith("postgres.new-")) rmSync(join(data, name), { recursive: true, force: true });
    }
    const probe = join(data, `.writable-${process.pid}`);
    try {
      writeFileSync(probe, "PostgreSQL writes its process id here in a moment");
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (error) {
    if (codeOf(error) === "ENOSPC")
      throw new StartFailure(
        `The disk that holds the data folder ${data} is full.`,
        "Make room there, or set ONEGATE_DATA to another folder.",
      );
    throw new StartFailure(
      `The data folder ${data} can't be written: ${codeOf(error) ?? messageOf(error)}.`,
      "Give this user the folder, or set ONEGATE_DATA to another one.",
    );
  }
  if (!existsSync(folder)) return undefined;
  let version: string;
  try {
    version = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "EACCES") {
      throw new StartFailure(
        `The data in ${folder} belongs to another user.`,
        "Start Onegate as the user who started it first, or set ONEGATE_DATA to another folder.",
      );
    }
    throw new StartFailure(
      `The data folder ${folder} is damaged: PG_VERSION is missing.`,
      "Restore it from a backup, or set ONEGATE_DATA to an empty folder. Nothing was changed.",
    );
  }
  if (version !== MAJOR) {
    const age = Number(version) > Number(MAJOR) ? "a newer" : "another";
    throw new StartFailure(
      `The data in ${folder} was made by ${age} version of PostgreSQL (${version}; this is ${MAJOR}).`,
      "Use the Onegate version that made it, or set ONEGATE_DATA to another folder.",
    );
  }
  const { uid, gid } = statSync(folder);
  return { uid, gid };
}

/** A socket path may have at most 107 bytes; a folder with a longer path gets a short symbolic link. */
function socketFolder(folder: string): string {
  if (Buffer.byteLength(join(folder, ".s.PGSQL.5432")) < 104) return folder;
  const { dev, ino } = statSync(join(folder, ".."));
  const link = join(tmpdir(), `onegate-${process.getuid?.() ?? 0}-${dev}-${ino}`);
  rmSync(link, { force: true });
  symlinkSync(folder, link);
  return link;
}

function makeCluster(initdb: string, data: string, folder: string, runner: Runner): void {
  const fresh = join(data, `postgres.new-${process.pid}`);
  mkdirSync(fresh, { mode: 0o700 });
  if (runner) chownSync(fresh, runner.uid, runner.gid);
  const made = spawnSync(
    initdb,
    [
      "-D",
      pathForChild(fresh, runner),
      "-U",
      USER,
      "--auth=trust",
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--no-instructions",
    ],
    { cwd: fresh, ...runner, env: { PATH: process.env["PATH"], LC_ALL: "C" }, encoding: "utf8" },
  );
  if (made.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new StartFailure(
      `PostgreSQL's data can't be made in ${data}: ${lastLine(made.stderr) || messageOf(made.error)}`,
      "Check that the disk has room and supports permissions, or set ONEGATE_DATA to another folder.",
    );
  }
  chmodSync(fresh, 0o700);
  renameSync(fresh, folder);
}

/**
 * The path by which a child process opens a folder. Another user may not be allowed to enter a parent folder,
 * so the child gets the folder as its working directory before it gives up root, and opens it through /proc.
 */
function pathForChild(folder: string, runner: Runner): string {
  return runner ? "/proc/self/cwd" : folder;
}

/**
 * Starts a postmaster and returns its process id, or "orphans" if backends of a killed one still hold its
 * shared memory.
 */
async function launch(
  postgres: string,
  folder: string,
  logFile: string,
  runner: Runner,
  settings: Record<string, string>,
  host: string,
): Promise<number | "orphans"> {
  const log = openSync(logFile, "a", 0o600);
  const size = statSync(logFile).size;
  if (size > LOG_LIMIT_BYTES) truncateSync(logFile);
  const sockets = runner || process.platform === "linux" ? "/proc/self/cwd" : host;
  const options = Object.entries({ ...settings, unix_socket_directories: sockets }).flatMap(
    ([name, value]) => ["-c", `${name}=${value}`],
  );
  // detached: Ctrl-C in the terminal reaches only Onegate, which then stops PostgreSQL cleanly
  const child = spawn(postgres, ["-D", pathForChild(folder, runner), ...options], {
    cwd: folder,
    ...runner,
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: process.env["PATH"], LC_ALL: "C", PGDATA: undefined },
  });
  closeSync(log);
  let ended: string | undefined;
  child.once("error", (error) => (ended = messageOf(error)));
  child.once("exit", (code, signal) => (ended ??= `it ended with ${signal ?? `code ${code}`}`));
  child.unref();
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    if (ended !== undefined) {
      const cause =
        readFileSync(logFile, "utf8")
          .split("\n")
          .findLast((line) => /FATAL|PANIC/.test(line)) ?? ended;
      if (/shared memory block .* still in use/.test(cause)) return "orphans";
      if (/No space left on device/.test(cause))
        throw new StartFailure(
          "PostgreSQL does not start: its disk is full.",
          `Make room on the disk that holds ${folder}. Nothing was changed.`,
        );
      if (/lock file|already running|in use/.test(cause)) throw inUse(folder);
      throw new StartFailure(
        `PostgreSQL does not start: ${cause.replace(/^.*?(FATAL|PANIC): */, "")}`,
        `The data in ${folder} may be damaged; nothing was changed. See ${logFile}; ` +
          "restore a backup, or set ONEGATE_DATA to an empty folder.",
      );
    }
    if ((await probe(host)) === "ready") break;
    if (Date.now() > deadline)
      throw new StartFailure("PostgreSQL does not become ready within a minute.", `See ${logFile}.`);
    await sleep(20);
  }
  if (child.pid === undefined) throw new Error("PostgreSQL started without a process id");
  return child.pid;
}

function inUse(folder: string): StartFailure {
  return new StartFailure(
    `The data folder ${folder} is in use by another Onegate.`,
    "Stop that one, or set ONEGATE_DATA (and PORT) for this one.",
  );
}

/**
 * Waits for a PostgreSQL that already serves this folder; its process id, or `undefined` if there is none.
 */
async function findRunning(folder: string, host: string): Promise<number | undefined> {
  const pidFile = join(folder, "postmaster.pid");
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    if (!existsSync(pidFile)) return undefined;
    const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
    const state = await probe(host);
    if (state === "ready") return pid;
    if (state === "absent") return undefined;
    await sleep(50);
  }
  throw inUse(folder);
}

/** `busy` means that it answers but is starting up, shutting down or out of connections. */
async function probe(host: string): Promise<"ready" | "busy" | "absent"> {
  const client = new pg.Client({ host, user: USER, database: "postgres" });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.end();
    return "ready";
  } catch (error) {
    return codeOf(error)?.startsWith("57P") || codeOf(error) === "53300" ? "busy" : "absent";
  }
}

/**
 * Locks the cluster for this process. It is a session's lock, so it ends with the process, however that ends.
 */
async function lockInstance(host: string, folder: string): Promise<pg.Client> {
  const client = new pg.Client({
    host,
    user: USER,
    database: "postgres",
    application_name: "onegate instance",
  });
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock($1) as held", [
    INSTANCE_LOCK,
  ]);
  if (!rows[0]?.held) {
    await client.end();
    throw inUse(folder);
  }
  const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [USER]);
  if (rowCount === 0) await client.query(`create database ${USER}`);
  return client;
}

async function endPostmaster(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, "SIGINT");
  const deadline = Date.now() + STOP_LIMIT_MS;
  while (isAlive(pid) && Date.now() < deadline) await sleep(10);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
  // a zombie that is not reaped yet is dead
  return !(process.platform === "linux" && / Z /.test(readStat(pid)));
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/, "");
  } catch {
    return " Z ";
  }
}

function lastLine(text: string | null): string {
  return text?.trim().split("\n").at(-1) ?? "";
}
