import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const sources = (...patterns: string[]) =>
  globSync(patterns, { cwd: ROOT, exclude: (name) => name === "node_modules" || name === "dist" });

/** The layers from left to right. A file imports only from layers to its left, and only a module's index. */
const LAYERS = [
  "contract",
  "kernel",
  "ledger",
  "fx",
  "risk",
  "identity",
  "catalogue",
  "stock",
  "providers",
  "credentials",
  "payments",
  "wallets",
  "sales",
  "reports",
  "partners",
  "deliveries",
  "settlement",
  "setup",
  "demo",
  "roles",
  "main",
];
/** The layers of files directly in server/, which put the program together. */
const TOP = {
  "schema.ts": "roles",
  "proof.ts": "roles",
  "provider-setup.ts": "roles",
  "simulator.ts": "roles",
  "till-build.ts": "roles",
  "pages.ts": "roles",
  "health.ts": "roles",
  "reference.ts": "roles",
  "roles.ts": "roles",
  "main.ts": "main",
} as const;

function layerOf(file: string): string | undefined {
  if (file.startsWith("contract/")) return "contract";
  const [, first = "", second] = file.split("/");
  return second === undefined ? TOP[first as keyof typeof TOP] : first;
}

function imports(file: string): string[] {
  return [...read(file).matchAll(/(?:from|import)\s+"([^"]+)"/g)].map((match) => match[1] ?? "");
}

describe("the project's structure", () => {
  const files = sources("contract/**/*.ts", "server/**/*.ts").filter(
    (file) => !/\.test\.ts$|\/testing\/|conformance\.ts$/.test(file),
  );

  it("every file of the server belongs to a layer", () => {
    for (const file of files)
      assert.ok(
        LAYERS.includes(layerOf(file) ?? ""),
        `${file} belongs to no layer: move it into a module, or name it in test/tidy.test.ts`,
      );
  });

  it("imports go only to the left, and into another module only through its index", () => {
    for (const file of files) {
      for (const specifier of imports(file)) {
        const target =
          specifier === "@onegate/contract"
            ? "contract/index.ts"
            : specifier.startsWith(".")
              ? relative(ROOT, resolve(ROOT, dirname(file), specifier))
              : undefined;
        if (!target) continue;
        const [from, to] = [layerOf(file), layerOf(target)];
        if (from === to) continue;
        assert.ok(
          LAYERS.indexOf(to ?? "") < LAYERS.indexOf(from ?? "") && to !== undefined,
          `${file} imports ${target}: ${to} is not to the left of ${from}; pass it in from roles.ts`,
        );
        if (!(Object.values(TOP) as string[]).includes(to))
          assert.match(
            target,
            /\/index\.ts$/,
            `${file} imports ${target}; import from ${to}/index.ts, and export it there if necessary`,
          );
      }
    }
  });

  it("a module's index only exports", () => {
    for (const module of readdirSync(join(ROOT, "server"))) {
      const index = `server/${module}/index.ts`;
      if (!statSync(join(ROOT, index), { throwIfNoEntry: false })) continue;
      for (const line of read(index).split("\n").filter(Boolean))
        assert.match(line, /^(export |  |\})/, `${index} does more than export: ${line}`);
    }
  });

  it("the contract does no input or output", () => {
    for (const file of files.filter((name) => name.startsWith("contract/"))) {
      for (const specifier of imports(file))
        assert.ok(
          specifier.startsWith("./") || specifier.startsWith("../") || /^(typebox|qr)(\/|$)/.test(specifier),
          `${file} imports ${specifier}; the contract may import only its own files, typebox and qr`,
        );
    }
  });

  it("a payment's state is written by move-payment.ts alone", () => {
    for (const file of files.filter((one) => one.startsWith("server/") && !one.includes(".test."))) {
      const text = read(file);
      const isStore = file === "server/payments/store.ts";
      if (!isStore) assert.doesNotMatch(text, /\bupdate payment\b(?!_)[^`]*\bset\b[^`]*\bstate =/, file);
      if (!isStore && file !== "server/payments/move-payment.ts")
        assert.doesNotMatch(text, /\bupdatePayment\(/, file);
    }
  });
});

describe("the style", () => {
  const files = sources(
    "{contract,server,simulator,sim,bench,chaos,scripts,test}/**/*.ts",
    "till/src/**/*.{ts,tsx}",
  );

  it("money is never a float: no code parses or rounds floats", () => {
    for (const file of files) {
      // Tripay writes percentages as text with two decimals, and so does its simulator
      if (file === "test/tidy.test.ts" || file === "simulator/tripay/rows.ts") continue;
      assert.doesNotMatch(
        read(file),
        /\bparseFloat\(|\.toFixed\(2\)/,
        `${file} parses or formats a float; money is bigint minor units, see contract/money.ts`,
      );
    }
  });

  it("there are no skipped tests, unfinished notes or silenced checks", () => {
    for (const file of files) {
      if (file === "test/tidy.test.ts") continue;
      assert.doesNotMatch(
        read(file),
        /\b(?:it|test|describe)\.(?:skip|only|todo)\b|@ts-ignore|@ts-expect-error|\b(?:TODO|FIXME)\b|oxlint-disable/,
        file,
      );
    }
  });

  it("lines have at most 110 columns, except for a literal that can't be broken", () => {
    const isLiteral = (line: string) =>
      /^(?:\w+: )?(?:["'/].*["'/][a-z]*(?:\.test\()?|[^ ]*)[,;]*$/.test(line.trim());
    for (const file of [...files, ...sources("till/src/**/*.css")]) {
      for (const [index, line] of read(file).split("\n").entries())
        assert.ok(
          line.length <= 110 || isLiteral(line),
          `${file}:${index + 1} is ${line.length} columns long`,
        );
    }
  });

  it("no file names a machine's path or a registry's host", () => {
    for (const file of [...files, ...sources("*.md", "docs/**/*.md", "package-lock.json", "*.sh")]) {
      if (file === "test/tidy.test.ts") continue;
      assert.doesNotMatch(
        read(file),
        /\/home\/[a-z]|\/work\/|\/Users\/|registry\.npmjs|deb\.debian/,
        `${file} names a machine's path or a registry's host`,
      );
    }
  });

  it("migrations have the names that the requirements give, in an order that Flyway accepts", () => {
    const names = readdirSync(join(ROOT, "server/migrations")).filter((name) => name.startsWith("V"));
    const versions = names
      .map((name) => Number(/^V([0-9]+)__[a-z0-9_]+\.sql$/.exec(name)?.[1]))
      .sort((a, b) => a - b);
    assert.deepEqual(
      versions,
      Array.from(versions, (_, i) => i + 1),
    );
    const given = [
      "users",
      "authentications",
      "accounts",
      "historical_transactions",
      "external_services",
      "api_keys",
      "api_access_logs",
    ];
    given.forEach((table, i) => assert.ok(names.includes(`V${i + 1}__create_${table}_table.sql`), table));
  });

  it("every requirement is in docs/requirements.md with its state, and its tests exist", () => {
    const page = read("docs/requirements.md");
    const rows = [...page.matchAll(/^\| ([A-Z][0-9]+) \| (done|part|open) \| (.*) \| (.*) \|$/gm)];
    const wanted = { T: 15, G: 11, W: 5, X: 4, R: 4, A: 3, P: 5, O: 10, D: 2 };
    const ids = Object.entries(wanted).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
    );
    assert.deepEqual(
      rows.map((row) => row[1]),
      ids,
    );
    for (const [, id, state, , tests] of rows) {
      const named = [...(tests ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
      assert.ok(state === "open" || named.length > 0, `${id} is ${state} but names no test`);
      for (const file of named)
        assert.ok(
          statSync(join(ROOT, file), { throwIfNoEntry: false }),
          `${id} names ${file}, which doesn't exist`,
        );
    }
  });
});
