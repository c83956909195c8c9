import { readFlags } from "./flags.ts";
import { startSimulator, type RunningSimulator } from "./index.ts";

function fail(line: string): never {
  process.stderr.write(`${line.trimEnd()}\n`);
  process.exit(1);
}

const options = readFlags(process.argv.slice(2), process.env);
if (typeof options === "string") fail(options);

let simulator: RunningSimulator;
try {
  simulator = await startSimulator(options);
} catch (error) {
  const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const reason = error instanceof Error ? error.message : "unknown error";
  fail(taken ? `simulator: port ${options.port} is taken; give another with --port` : `simulator: ${reason}`);
}

let closing = false;
function stop(): void {
  if (closing) return;
  closing = true;
  void simulator.close().then(() => process.exit(0));
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
if (process.channel) process.on("disconnect", stop);

process.stdout.write(`simulator ready ${simulator.url}\n`);
