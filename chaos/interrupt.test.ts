import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { until } from "../server/testing/until.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

describe("a run of chaos that is interrupted", () => {
  it("ends all that it started and leaves no folder, though Ctrl-C comes twice, as npm passes it on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "onegate-interrupt-"));
    const run = spawn(process.execPath, [MAIN, "--rounds", "1000", "--seed", "4"], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = once(run, "exit");
    try {
      let words = "";
      run.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
      await until(
        async () => words,
        (now) => now.includes("round 1:"),
        60_000,
      );
      assert.ok(processesOf(folder).length > 0);
      await sleep(300);
      run.kill("SIGINT");
      await sleep(20);
      run.kill("SIGINT");
      assert.deepEqual(await ended, [130, null]);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith("onegate-")),
        [],
      );
      assert.deepEqual(processesOf(folder), []);
    } finally {
      for (const pid of [
        ...(run.exitCode === null && run.signalCode === null && run.pid ? [run.pid] : []),
        ...processesOf(folder),
      ])
        process.kill(pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  });
});

/** Processes that work in a folder or were told to, as Linux shows them. */
function processesOf(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
          readFileSync(`/proc/${pid}/environ`, "utf8").includes(`=${folder}/`)
        );
      } catch {
        return false;
      }
    });
}
