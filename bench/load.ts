import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Load = {
  readonly connections: number;
  readonly requests_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly failed: number;
};

const WRK = "/usr/bin/wrk";

/** Sends requests built by a Lua function to an address, closed loop, with Debian's wrk on one thread. */
export async function load(url: string, lua: string, connections: number, seconds: number): Promise<Load> {
  if (!existsSync(WRK)) throw new Error("wrk is missing: install Debian's package wrk");
  const folder = mkdtempSync(join(tmpdir(), "onegate-load-"));
  const script = join(folder, "requests.lua");
  writeFileSync(script, `${lua}\n${REPORT}`);
  try {
    const child = spawn(
      WRK,
      ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--timeout", "10s", "-s", script, url],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    const line = output.split("\n").findLast((text) => text.startsWith("{"));
    if (!line) throw new Error(`wrk: ${output}`);
    return { connections, ...(JSON.parse(line) as Omit<Load, "connections">) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** wrk counts a status of 400 and above as an error; latencies are in microseconds. */
const REPORT = `
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  local good = summary.requests - summary.errors.status
  io.write(string.format('\\n{"requests_per_second":%d,"p50_ms":%.2f,"p99_ms":%.2f,"failed":%d}\\n',
    good / (summary.duration / 1000000), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, failed))
end`;
