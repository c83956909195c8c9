import { readSettings, type Connection } from "../server/kernel/index.ts";
import { startProgram } from "../server/roles.ts";

/** The program as it ships, for a measurement: told its database, it tells where it listens and waits for the end. */
const connection = JSON.parse(process.argv[2] ?? "") as Connection;
const settings = readSettings({ PORT: "0", LOG_LEVEL: "warn", TRUST_PROXY: process.env["TRUST_PROXY"] });
// without a provider nothing of it is asked for
const program = await startProgram({
  settings,
  connection,
  tripayUrl: process.argv[3] ?? "http://127.0.0.1:9",
});
process.once("message", () => void program.stop().then(() => process.exit(0)));
// a measurement that broke off leaves nothing behind
process.once("disconnect", () => process.exit(1));
process.send?.(program.url);
