import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartFailure } from "./kernel/index.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const TILL = join(ROOT, "till", "dist");
const SOURCES = ["till/src", "till/public", "till/index.html", "till/vite.config.ts", "contract"].map(
  (path) => join(ROOT, path),
);

/** Builds the till's pages if they are missing or older than their sources. */
export async function buildTill(): Promise<void> {
  const built = modifiedAt(join(TILL, "index.html"));
  if (built > Math.max(...SOURCES.map(newest))) return;
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin", "vite.js");
  const child = spawn(process.execPath, [vite, "build", "till", "--logLevel", "error"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) {
    throw new StartFailure(
      `The till's pages can't be built: ${output.trim().split("\n")[0] ?? ""}`,
      "Run npm run till:build to see why; the folder till/ must be writable.",
    );
  }
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newest(path: string): number {
  const own = statSync(path, { throwIfNoEntry: false });
  if (!own?.isDirectory()) return own?.mtimeMs ?? 0;
  return Math.max(
    own.mtimeMs,
    ...readdirSync(path)
      .filter((name) => name !== "node_modules")
      .map((name) => newest(join(path, name))),
  );
}
