import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { openTestDatabase, type TestDatabase } from "../server/testing/database.ts";

const FOLDER = new URL("../docs/examples/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), "utf8");
const examples = readdirSync(FOLDER).filter((name) => name.endsWith(".sql") && name !== "setup.sql");

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase();
});
after(() => test.close());

/** Splits a script into statements with their comments. A statement ends with `;` at the end of a line. */
function statements(script: string): string[] {
  return script
    .split(/(?<=;)\n+/)
    .map((statement) => statement.trim())
    .filter(Boolean);
}

/** Formats a result as a table with a header row. */
function table({ fields, rows }: pg.QueryArrayResult<string[]>): string {
  if (fields.length === 0) return "";
  const lines = [fields.map(({ name }) => name), ...rows.map((row) => row.map((value) => value ?? ""))];
  const widths = fields.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const isNumber = fields.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^-?[0-9.]+$/.test(row[i] ?? "")),
  );
  const text = lines.map((line) =>
    line
      .map((value, i) => (isNumber[i] ? value.padStart(widths[i] ?? 0) : value.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [text[0], widths.map((width) => "-".repeat(width)).join("  "), ...text.slice(1)]
    .map((line) => `  ${line}`)
    .join("\n");
}

async function play(script: string): Promise<string> {
  const client = new pg.Client(test.connection);
  await client.connect();
  try {
    await client.query("begin");
    await client.query(read("setup.sql"));
    const pages: string[] = [];
    for (const statement of statements(script)) {
      await client.query("savepoint one");
      // every value is shown as PostgreSQL's text
      const answer = await client
        .query<string[]>({
          text: statement,
          rowMode: "array",
          types: { getTypeParser: () => (value: string | Buffer) => String(value) },
        })
        .then(table, (error: Error) => `  ERROR: ${error.message}`);
      if (answer.startsWith("  ERROR")) await client.query("rollback to savepoint one");
      pages.push(answer === "" ? statement : `${statement}\n${answer}`);
    }
    await client.query("rollback");
    return `${pages.join("\n\n")}\n`;
  } finally {
    await client.end();
  }
}

describe("the examples in docs/examples", () => {
  for (const name of examples) {
    it(`${name} prints what its .out file shows`, async () => {
      const found = await play(read(name));
      const page = name.replace(".sql", ".out");
      if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(new URL(page, FOLDER), found);
      assert.equal(
        found,
        read(page),
        "run UPDATE_SNAPSHOTS=1 npm test -- test/examples.test.ts and review the diff",
      );
    });
  }
});
