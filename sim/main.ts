import { checkedToAsked, HELP, WrongUse } from "./arguments.ts";
import { simulate, type Run } from "./simulate.ts";

async function main(args: string[]): Promise<number> {
  const asked = checkedToAsked(args);
  if (asked === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const run = await simulate(asked);
  if (asked.history) process.stderr.write(`${run.history.join("\n")}\n`);
  process.stdout.write(asked.json ? `${toJson(run)}\n` : toText(run));
  return run.violations.length > 0 ? 1 : 0;
}

function toJson({ seed, steps, violations }: Run): string {
  return JSON.stringify({ seed, steps, violations });
}

function toText({ seed, steps, violations }: Run): string {
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
