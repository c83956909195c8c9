import { readSettings, type Connection } from "../server/kernel/index.ts";
import { startProgram } from "../server/roles.ts";

/**
 * The program as it ships, for a measurement. It gets its database as an argument, sends its address to the
 * parent, and waits to be stopped.
 */
const connection = JSON.parse(process.argv[2] ?? "") as Connection;
const settings = readSettings({ PORT: "0", LOG_LEVEL: "warn", TRUST_PROXY: process.env["TRUST_PROXY"] });
// the default address has no provider: nothing is requested from it
const program = await startProgram({
  settings,
  connection,
  tripayUrl: process.argv[3] ?? "http://127.0.0.1:9",
});
process.once("message", () => void program.stop().then(() => process.exit(0)));
// an aborted measurement leaves no process behind
process.once("disconnect", () => process.exit(1));
process.send?.(program.url);
