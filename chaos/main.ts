import { parseArgs } from "node:util";
import { play } from "./rounds.ts";

const HELP = `Usage: npm run --silent chaos -- [--rounds N] [--seed S] [--json]

Repeatedly kills the server, a PostgreSQL backend or the postmaster under load, and compares the books with
what was acknowledged. The exit code is 1 when anything is lost, doubled, unsettled, wrong or broken.
`;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "10" }, seed: { type: "string" }, json: { type: "boolean" } },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 10_000 || !Number.isInteger(seed)) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else {
  const report = await play(
    rounds,
    seed,
    values.json ? undefined : (line) => void process.stderr.write(`${line}\n`),
  );
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode =
    report.lost + report.doubled + report.unsettled + report.wrong + report.deadlocks === 0 &&
    report.proof === "holds"
      ? 0
      : 1;
}
