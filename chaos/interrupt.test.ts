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
  it("ends all its processes and leaves no folder, even when npm passes Ctrl-C on again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "onegate-interrupt-"));
    const run = spawn(process.execPath, [MAIN, "--rounds", "1000", "--seed", "4"], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = once(run, "exit");
    try {
      let output = "";
      run.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
      await until(
        async () => output,
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

/** Processes whose working directory or environment points into a folder, read from Linux's /proc. */
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
