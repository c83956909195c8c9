/**
 * Lets a real Flyway and the program's own runner migrate the same databases, each continuing where the
 * other stopped. Needs Java and Maven, which fetches Flyway; without them it is skipped. Not part of
 * `npm test`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { migrate, openDatabase, readMigrations, startCluster } from "../server/kernel/index.ts";
import { MIGRATIONS, prepareSchema } from "../server/schema.ts";

const FOLDER = fileURLToPath(new URL("./flyway", import.meta.url));
/** A loopback address on which no other program listens. */
const ADDRESS = "127.0.0.77";
const HALF = 9;

const say = (line: string) => process.stdout.write(`${line}\n`);
const has = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0;

if (!has("java", "-version") || !has("mvn", "-v"))
  say("Skipped: Flyway needs Java and Maven (Debian: apt-get install default-jdk-headless maven).");
else process.exitCode = await check();

async function check(): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), "onegate-flyway-"));
  const cluster = await startCluster({ data: work, settings: { listen_addresses: ADDRESS, fsync: "off" } });
  try {
    cpSync(FOLDER, join(work, "java"), { recursive: true });
    run("mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], join(work, "java"));
    const flyway = (name: string) =>
      Number(
        run(
          "java",
          ["-cp", "lib/*", "Check.java", `jdbc:postgresql://${ADDRESS}/${name}`, MIGRATIONS],
          join(work, "java"),
        )
          .trim()
          .split("\n")
          .at(-1),
      );
    const all = readMigrations(MIGRATIONS);
    const admin = openDatabase(cluster.connection, 2, () => undefined);
    let isAllRight = true;
    const expect = (what: string, found: number, expected: number) => {
      const isRight = found === expected;
      isAllRight &&= isRight;
      say(`${isRight ? "✔" : "✖"} ${what}: ${found} scripts${isRight ? "" : `, expected ${expected}`}`);
    };
    for (const name of ["ours_first", "theirs_first"]) await admin.pool.query(`create database ${name}`);
    await admin.close();

    const ours = openDatabase({ ...cluster.connection, database: "ours_first" }, 4, () => undefined);
    expect("the program starts", await migrate(ours.pool, all.slice(0, HALF)), HALF);
    expect("Flyway accepts the history and continues", flyway("ours_first"), all.length - HALF);
    expect("the program finds nothing left", await prepareSchema(ours), 0);
    await ours.close();

    expect("Flyway starts on an empty database", flyway("theirs_first"), all.length);
    const theirs = openDatabase({ ...cluster.connection, database: "theirs_first" }, 4, () => undefined);
    expect("the program accepts the history and finds nothing left", await prepareSchema(theirs), 0);
    expect("Flyway finds nothing left either", flyway("theirs_first"), 0);
    await theirs.close();
    return isAllRight ? 0 : 1;
  } finally {
    await cluster.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${stderr || stdout}`);
  return stdout;
}
