import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const sources = (...patterns: string[]) =>
  globSync(patterns, { cwd: ROOT, exclude: (name) => name === "node_modules" || name === "dist" });

/** Left to right: a file imports only to its left, and of a neighbouring module only its index. */
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
/** Files directly in server/ that put the program together stand in these layers. */
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

describe("the house", () => {
  const files = sources("contract/**/*.ts", "server/**/*.ts").filter(
    (file) => !/\.test\.ts$|\/testing\/|conformance\.ts$/.test(file),
  );

  it("every file of the server stands in a layer", () => {
    for (const file of files)
      assert.ok(
        LAYERS.includes(layerOf(file) ?? ""),
        `${file} stands in no layer: put it into a module, or name it in test/tidy.test.ts`,
      );
  });

  it("imports go to the left only, and into a neighbour only through its index", () => {
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
          `${file} imports ${target}: ${to} is not to the left of ${from}; hand it in from roles.ts`,
        );
        if (!(Object.values(TOP) as string[]).includes(to))
          assert.match(
            target,
            /\/index\.ts$/,
            `${file} reaches into ${target}; import ${to}/index.ts, or export it there`,
          );
      }
    }
  });

  it("a module has an index that exports, and nothing else", () => {
    for (const module of readdirSync(join(ROOT, "server"))) {
      const index = `server/${module}/index.ts`;
      if (!statSync(join(ROOT, index), { throwIfNoEntry: false })) continue;
      for (const line of read(index).split("\n").filter(Boolean))
        assert.match(line, /^(export |  |\})/, `${index} does more than export: ${line}`);
    }
  });

  it("the contract does no input or output", () => {
    for (const file of files.filter((one) => one.startsWith("contract/"))) {
      for (const specifier of imports(file))
        assert.ok(
          specifier.startsWith("./") || specifier.startsWith("../") || /^(typebox|qr)(\/|$)/.test(specifier),
          `${file} imports ${specifier}`,
        );
    }
  });
});

describe("the style", () => {
  const files = sources(
    "{contract,server,simulator,sim,bench,chaos,scripts,test}/**/*.ts",
    "till/src/**/*.{ts,tsx}",
  );

  it("no float of money: nothing parses or rounds floats", () => {
    for (const file of files) {
      // Tripay writes its percentages as texts of two decimals, so the simulator does
      if (file === "test/tidy.test.ts" || file === "simulator/tripay/rows.ts") continue;
      assert.doesNotMatch(
        read(file),
        /\bparseFloat\(|\.toFixed\(2\)/,
        `${file} makes a float of a text; money is bigint minor units, see contract/money.ts`,
      );
    }
  });

  it("nothing is skipped, left over or silenced", () => {
    for (const file of files) {
      if (file === "test/tidy.test.ts") continue;
      assert.doesNotMatch(
        read(file),
        /\b(?:it|test|describe)\.(?:skip|only|todo)\b|@ts-ignore|@ts-expect-error|\b(?:TODO|FIXME)\b|oxlint-disable/,
        file,
      );
    }
  });

  it("no path of a machine, no registry's host stands in the tree", () => {
    for (const file of [...files, ...sources("*.md", "docs/**/*.md", "package-lock.json", "*.sh")]) {
      if (file === "test/tidy.test.ts") continue;
      assert.doesNotMatch(
        read(file),
        /\/home\/[a-z]|\/work\/|\/Users\/|registry\.npmjs|deb\.debian/,
        `${file} names a machine's path or a registry's host`,
      );
    }
  });

  it("migrations bear the names that the requirements give and that Flyway can order", () => {
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
    given.forEach((what, i) => assert.ok(names.includes(`V${i + 1}__create_${what}_table.sql`), what));
  });

  it("every requirement stands in docs/requirements.md with its state, and its tests exist", () => {
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
          `${id} names ${file}, which is not there`,
        );
    }
  });
});
