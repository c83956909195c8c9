import { parseArgs } from "node:util";
import { namedSeeds, DEFAULT_SEED } from "./seeds.ts";

export const HELP = `Usage: npm run --silent sim -- [--seed N | --named NAME | --seeds N [--first S]]
                               [--steps M] [--canary] [--json] [--history]

Runs the ledger and the life of a payment in a world that loses answers, repeats notifications and crashes,
and compares them with books of its own. The same seed gives the same run. The exit code is 1 when a rule is
broken.

  --seed N       the seed, a whole number [${DEFAULT_SEED}]
  --steps M      how many steps to run [500; with --seeds 2000]
  --named NAME   a named seed, see below
  --seeds N      N fresh random seeds, on all cores; each that breaks a rule is printed
  --first S      with --seeds: consecutive seeds from S, instead of random ones
  --canary       with a ledger that forgets postings; the run must fail
  --json         one line: seed, steps, violations; with --seeds: seeds, steps, violations, seconds, played
  --history      prints each step on standard error

Named seeds
${Object.entries(namedSeeds)
  .map(([name, { shows }]) => `  ${name.padEnd(24)} ${shows}`)
  .join("\n")}
`;

const DEFAULT_STEPS = 500;
const DEFAULT_STEPS_OF_MANY = 2_000;

/** The command line is invalid; the message says what is wrong. */
export class WrongUse extends Error {}

export type Asked = {
  seed: number;
  /** How many seeds to play. */
  seeds: number | undefined;
  first: number | undefined;
  steps: number;
  canary: boolean;
  json: boolean;
  history: boolean;
};

/** Reads the command line. */
export function checkedToAsked(args: string[]): Asked | "help" {
  const { values } = parse(args);
  if (values.help) return "help";
  const named = values.named === undefined ? undefined : namedSeeds[values.named];
  if (values.named !== undefined && !named)
    throw new WrongUse(
      `there is no seed named ${values.named}; known are ${Object.keys(namedSeeds).join(", ")}`,
    );
  const seeds = checkedToNumber("--seeds", values.seeds, 1);
  const first = checkedToNumber("--first", values.first, 0);
  if (first !== undefined && seeds === undefined) throw new WrongUse("--first goes with --seeds");
  if (seeds !== undefined && (values.seed !== undefined || named || values.history))
    throw new WrongUse("--seeds plays many: it goes with neither --seed nor --named nor --history");
  return {
    seeds,
    first,
    seed: checkedToNumber("--seed", values.seed, 0) ?? named?.seed ?? DEFAULT_SEED,
    steps:
      checkedToNumber("--steps", values.steps, 1) ??
      named?.steps ??
      (seeds === undefined ? DEFAULT_STEPS : DEFAULT_STEPS_OF_MANY),
    canary: values.canary,
    json: values.json,
    history: values.history,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seed: { type: "string" },
        seeds: { type: "string" },
        first: { type: "string" },
        steps: { type: "string" },
        named: { type: "string" },
        canary: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        history: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new WrongUse(
      String(error instanceof Error ? error.message : error)
        .split("\n")[0]
        ?.split(". ")[0] ?? "the arguments can't be read",
    );
  }
}

function checkedToNumber(flag: string, unchecked: string | undefined, min: number): number | undefined {
  if (unchecked === undefined) return undefined;
  const number = /^[0-9]{1,15}$/.test(unchecked) ? Number(unchecked) : Number.NaN;
  if (!(number >= min))
    throw new WrongUse(`${flag} must be a whole number from ${min}, not ${JSON.stringify(unchecked)}`);
  return number;
}
