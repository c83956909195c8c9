/**
 * Runs all checks: types, format, lint, then every test on one new PostgreSQL.
 * `npm test -- server/ledger` runs only the tests below a path.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildTill } from "../server/till-build.ts";
import { startTestCluster } from "../server/testing/database.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDERS = ["contract", "server", "simulator", "sim", "till/src", "bench", "chaos", "test"];

const only = process.argv.slice(2);
const files = FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: ROOT })).filter(
  (file) =>
    !file.includes("node_modules") &&
    (only.length === 0 || only.some((path) => file.startsWith(path.replace(/^\.\//, "")))),
);

if (only.length === 0) {
  await must("types", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
  await must("types of the till", ["node_modules/typescript/bin/tsc", "-p", "till/tsconfig.json"]);
  await must("format", ["node_modules/@biomejs/biome/bin/biome", "format"]);
  await must("lint", ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"]);
}
await buildTill();
const chromium = findChromium();
const server = await startTestCluster();
const code = await run(
  ["--test", "--test-force-exit", "--test-concurrency=2", "--test-reporter=spec", ...files],
  {
    ONEGATE_TEST_CLUSTER: JSON.stringify(server.cluster.connection),
    ...(chromium ? { CHROMIUM: chromium } : {}),
  },
);
await server.stop();
process.exitCode = code;

async function must(what: string, args: string[]): Promise<void> {
  const begun = performance.now();
  const code = await run(args);
  process.stdout.write(
    `${code === 0 ? "✔" : "✖"} ${what} (${((performance.now() - begun) / 1000).toFixed(1)} s)\n`,
  );
  if (code !== 0) process.exit(code);
}

function run(args: string[], environment: Record<string, string> = {}): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
}

/** The path of Chromium. If it is missing, root installs Debian's package. */
function findChromium(): string {
  const known = () =>
    [
      process.env["CHROMIUM"],
      "/usr/bin/chromium",
      "/usr/bin/chromium-browser",
      "/usr/bin/google-chrome",
    ].find((path) => path && existsSync(path));
  const found = known();
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    process.stdout.write("Chromium is missing; installing Debian's package\n");
    spawnSync("apt-get", ["update"], { stdio: "ignore" });
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], {
      stdio: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  const installed = known();
  if (installed) return installed;
  process.stderr.write(
    "The browser tests need Chromium: install it (Debian: apt-get install chromium), " +
      "or set CHROMIUM to its path.\n",
  );
  process.exit(1);
}
