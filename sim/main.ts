import { checkedToAsked, HELP, WrongUse, type Asked } from "./arguments.ts";
import { play, seedsOf } from "./play.ts";
import { simulate, type Run } from "./simulate.ts";

async function main(args: string[]): Promise<number> {
  const options = checkedToAsked(args);
  if (options === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.seeds !== undefined) return playMany(options, options.seeds);
  const run = await simulate(options);
  if (options.history) process.stderr.write(`${run.history.join("\n")}\n`);
  process.stdout.write(options.json ? `${toJson(run)}\n` : toText(run));
  return run.violations.length > 0 ? 1 : 0;
}

/** Plays many seeds; those that break a rule are printed as they end. */
async function playMany({ first, steps, canary, json }: Asked, count: number): Promise<number> {
  let ended = 0;
  const played = await play(seedsOf(count, first), {
    steps,
    canary,
    onSeed(seed, violations, seconds) {
      ended += 1;
      const found = violations.length > 0 ? `, ${violations.length} violations` : "";
      process.stderr.write(`${ended} of ${count}: seed ${seed}, ${seconds.toFixed(1)} s${found}\n`);
      if (violations.length > 0)
        (json ? process.stderr : process.stdout).write(toText({ seed, steps, violations }));
    },
  });
  const { seeds, violations, seconds } = played;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ seeds: seeds.length, steps, violations, seconds, played: seeds })}\n`,
    );
  else {
    const outcome = violations.length === 0 ? "every rule held" : `${violations.length} violations`;
    process.stdout.write(`${count} seeds of ${steps} steps in ${seconds} s: ${outcome}.\n`);
  }
  return violations.length > 0 ? 1 : 0;
}

function toJson({ seed, steps, violations }: Run): string {
  return JSON.stringify({ seed, steps, violations });
}

function toText({ seed, steps, violations }: Pick<Run, "seed" | "steps" | "violations">): string {
  if (violations.length === 0) return `Seed ${seed}, ${steps} steps: every rule held.\n`;
  const lines = violations.map(({ step, rule, detail }) => `  step ${step}: ${rule}\n    ${detail}\n`);
  return `Seed ${seed}, ${steps} steps: ${violations.length} violations.\n${lines.join("")}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WrongUse)) throw error;
  process.stderr.write(`sim: ${error.message}; see --help\n`);
  process.exitCode = 2;
}
