import { parseArgs } from "node:util";
import { cpus, totalmem } from "node:os";
import { benchAbuse } from "./abuse.ts";
import { benchAuth } from "./auth.ts";
import { benchGateway } from "./gateway.ts";
import { benchLedger } from "./ledger.ts";
import { benchPayments } from "./payments.ts";
import { benchProcesses } from "./processes.ts";
import { benchScale } from "./scale.ts";

const BENCHES = {
  ledger: benchLedger,
  gateway: benchGateway,
  payments: benchPayments,
  scale: benchScale,
  processes: benchProcesses,
  auth: benchAuth,
  abuse: benchAbuse,
} as const;
const OPTIONS = "[--json] [--seconds N] [--transfers N] [--rate N]";
const HELP = `Usage: npm run --silent bench -- ${Object.keys(BENCHES).join("|")} ${OPTIONS}

Measures beside pgbench's TPC-B on the same server in the same run, and checks the books afterwards.
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    seconds: { type: "string", default: "10" },
    transfers: { type: "string", default: "1000000" },
    rate: { type: "string", default: "200" },
  },
});
const name = positionals[0];
const seconds = Number(values.seconds);
const transfers = Number(values.transfers);
const rate = Number(values.rate);
if (
  !name ||
  !Object.hasOwn(BENCHES, name) ||
  !(
    seconds >= 1 &&
    seconds <= 600 &&
    transfers >= 0 &&
    transfers <= 100_000_000 &&
    rate >= 1 &&
    rate <= 10_000
  )
) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else {
  const result = await BENCHES[name as keyof typeof BENCHES]({ seconds, transfers, rate });
  const machine = {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ ...result, machine })}\n`
      : `${JSON.stringify({ ...result, machine }, null, 2)}\n`,
  );
  process.exitCode = result.books === "hold" ? 0 : 1;
}
