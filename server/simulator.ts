import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartFailure } from "./kernel/index.ts";

export type SimulatorProcess = { readonly url: string; stop(): Promise<void> };

/** After this the simulator is killed. Its journal is written line by line, so nothing is lost. */
const STOP_TIMEOUT_MS = 1_000;
const MAIN = fileURLToPath(new URL("../simulator/main.ts", import.meta.url));

/** Starts the provider simulator as a separate process, which is called over HTTP like a real provider. */
export async function startSimulatorProcess({
  host,
  port,
  data,
  hosts = [],
}: {
  host: string;
  port: number;
  data: string;
  hosts?: readonly string[];
}): Promise<SimulatorProcess> {
  const journal = join(data, "simulator.jsonl");
  const names = hosts.flatMap((name) => ["--allow-host", name]);
  const child = spawn(
    process.execPath,
    [MAIN, "--host", host, "--port", String(port), "--data", journal, ...names],
    {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Ctrl-C reaches only Onegate, which stops the simulator after the last request has been answered
      detached: true,
    },
  );
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stdout?.on("data", (chunk: Buffer) => {
      const found = /simulator ready (\S+)/.exec(chunk.toString());
      if (found?.[1]) resolve(found[1]);
    });
    child.once("error", reject);
    child.once("exit", () => {
      const why = output.trim().split("\n")[0] ?? "";
      const remedy = /port [0-9]+ is taken/.test(why)
        ? "Set SIMULATOR_PORT to a free port (0 picks one)"
        : `If its journal ${journal} is damaged, move it away: the simulator then starts with an empty one`;
      reject(
        new StartFailure(
          `The provider simulator does not start: ${why || "no reason given"}.`.replace(/\.+$/, "."),
          `${remedy}; or set ONEGATE_SIMULATOR=off.`,
        ),
      );
    });
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
