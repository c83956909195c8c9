import { refusals } from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "./testing/program.ts";

type Parameter = { readonly in: string; readonly name: string; readonly required: boolean };
type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security: ReadonlyArray<Record<string, unknown>>;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Record<string, unknown> }>
  >;
};
type Document = {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly tags: ReadonlyArray<{ name: string }>;
  readonly components: {
    readonly schemas: Record<string, unknown>;
    readonly responses: Record<string, { content: Record<string, unknown> }>;
    readonly securitySchemes: Record<string, unknown>;
  };
};

let pages: string;
let program: TestProgram;
let document: Document;
before(async () => {
  pages = mkdtempSync(join(tmpdir(), "onegate-pages-"));
  mkdirSync(join(pages, "icons"));
  writeFileSync(join(pages, "index.html"), "<!doctype html><title>Kasir</title>");
  program = await openTestProgram({ till: pages });
  document = (await program.call<Document>("GET", "/openapi.json")).body;
});
after(async () => {
  await program.close();
  rmSync(pages, { recursive: true, force: true });
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method,
      path,
      operation,
    })),
  );
const found = (name: string) =>
  operations().find((operation) => operation.name === name)?.operation ?? assert.fail(name);
const headersOf = (name: string) =>
  (found(name).parameters ?? [])
    .filter((parameter) => parameter.in === "header")
    .map((parameter) => parameter.name);

describe("the reference", () => {
  it("gives each operation a unique id and known tags", () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    assert.ok(ids.length > 100);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z]+[A-Za-z0-9]+$/);
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { name, operation } of operations())
      assert.ok(
        operation.tags.length > 0 && operation.tags.every((tag) => tags.has(tag)),
        `${name}: ${operation.tags.join()}`,
      );
  });

  it("documents how callers authenticate, and which routes are open", () => {
    assert.deepEqual(found("GET /readyz").security, []);
    assert.deepEqual(found("POST /api/v1/till/sales").security, [{ staff_session: [] }]);
    assert.deepEqual(found("GET /api/v1/wallet").security, [{ user_token: [] }]);
    assert.deepEqual(found("POST /payments").security, [{ staff_session: [] }, { merchant_key: [] }, {}]);
    assert.deepEqual(Object.keys(document.components.securitySchemes), [
      "user_token",
      "staff_session",
      "merchant_key",
    ]);
  });

  it("documents the headers that routes read", () => {
    assert.deepEqual(headersOf("POST /api/v1/till/sales"), ["Idempotency-Key", "Onegate-Device"]);
    assert.deepEqual(headersOf("POST /api/v1/till/sales/{id}/void"), ["Onegate-Device", "Onegate-Approval"]);
    assert.deepEqual(headersOf("GET /api/v1/till/events"), ["Onegate-Device", "Last-Event-ID"]);
    assert.deepEqual(headersOf("POST /api/v1/wallet/transfers"), ["Idempotency-Key"]);
    assert.deepEqual(headersOf("POST /api/v1/wallet/accounts/{id}/suspend"), [
      "Idempotency-Key",
      "Onegate-Device",
    ]);
    assert.deepEqual(headersOf("GET /healthz"), []);
  });

  it("documents each refusal where it can occur, as a problem", () => {
    for (const { name, method, operation } of operations().filter(
      ({ operation: { tags } }) => !tags.includes("operation"),
    )) {
      const wanted = [
        "401",
        "403",
        "404",
        "405",
        "409",
        "422",
        "429",
        "503",
        ...(method === "get" ? [] : ["413", "415"]),
      ];
      assert.deepEqual(
        wanted.filter((status) => operation.responses[status]?.$ref !== `#/components/responses/${status}`),
        [],
        name,
      );
      assert.ok(
        Object.keys(operation.responses).every((status) => /^[0-9]{3}$/.test(status)),
        name,
      );
    }
    for (const [status, { content }] of Object.entries(document.components.responses))
      assert.deepEqual(
        content,
        { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        status,
      );
    const documented = new Set(Object.keys(document.components.responses));
    for (const [code, [status]] of Object.entries(refusals))
      assert.ok(
        documented.has(String(status)),
        `${code} has the status ${status}, which the reference doesn't document`,
      );
  });

  it("contains no reference to a missing component", () => {
    for (const [, kind = "", name = ""] of JSON.stringify(document).matchAll(
      /"#\/components\/([a-z]+)\/([^"]+)"/gi,
    )) {
      assert.ok(
        Object.hasOwn(document.components[kind as keyof Document["components"]], name),
        `${kind}/${name}`,
      );
    }
  });

  it("has only patterns that other regular expression engines can read", () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      ([, text = '""']) => JSON.parse(text) as string,
    );
    assert.ok(patterns.length > 10);
    for (const pattern of patterns) {
      // no escapes that differ between engines, and no lookaround
      assert.doesNotMatch(pattern, /\\[pPukcdDwWbBZAzG]|\(\?/, pattern);
      assert.match(pattern, /^\^.*\$$/, pattern);
    }
  });
});

describe("a path without a route", () => {
  const send = (method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${program.url}${path}`, { method, headers });

  it("is answered with a problem to programs and with a page in their language to browsers", async () => {
    for (const path of ["/docs", "/api", "/api/v1/nothing", "/history", "/icons", "/nothing.png"]) {
      const problem = await send("GET", path);
      assert.deepEqual(
        [
          problem.status,
          problem.headers.get("content-type"),
          ((await problem.json()) as { code: string }).code,
        ],
        [404, "application/problem+json", "not_found"],
        path,
      );
    }
    const [, , indonesian, english] = refusals.not_found;
    for (const [language, sentence] of [
      ["id-ID,id;q=0.9,en;q=0.8", indonesian],
      ["en-US,en;q=0.9", english],
      ["id;q=0.1, en", english],
      ["fr", indonesian],
    ] as const) {
      const page = await send("GET", "/docs", {
        accept: "text/html,application/xhtml+xml,*/*;q=0.8",
        "accept-language": language,
      });
      assert.deepEqual([page.status, page.headers.get("content-type")], [404, "text/html; charset=utf-8"]);
      assert.ok((await page.text()).includes(sentence), language);
    }
    const preferred = await send("GET", "/docs", { accept: "application/json, text/html;q=0.5" });
    assert.equal(preferred.headers.get("content-type"), "application/problem+json");
  });

  it("is not the till's own path, which serves its page", async () => {
    const page = await send("GET", "/?x=1", { accept: "text/html" });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /Kasir/);
  });

  it("is a 405 if it has other methods, which Allow lists", async () => {
    for (const { path, name } of operations()) {
      const at = path.replace(/\{[a-z_]+\}/g, "0");
      const declared = Object.keys(document.paths[path] ?? {}).map((method) => method.toUpperCase());
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter(
        (other) => !declared.includes(other),
      )) {
        const answer = await send(method, at, { accept: "text/html" });
        const allowed = answer.headers.get("allow")?.split(", ") ?? [];
        await answer.body?.cancel();
        assert.equal(answer.status, 405, `${method} ${at}, besides ${name}`);
        assert.deepEqual(
          declared.filter((other) => !allowed.includes(other)),
          [],
          `${method} ${at}`,
        );
        assert.ok(!allowed.includes(method));
      }
    }
  });
});

describe("metrics", () => {
  it("have the names that Prometheus' linter requires", async () => {
    const text = await (await fetch(`${program.url}/metrics`)).text();
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]),
    );
    const helped = new Set([...text.matchAll(/^# HELP (\S+) \S.*$/gm)].map(([, name]) => name));
    assert.ok(types.size > 20);
    for (const [name, type] of types) {
      assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
      assert.ok(helped.has(name), `${name} has a help text`);
      assert.match(name, /^[a-z][a-z0-9_]*$/);
      assert.doesNotMatch(
        name,
        /_(?:count|sum|bucket|gauge|counter|histogram|summary|ms|millis|milliseconds|minutes|hours|kb|mb|percent)(?:_|$)/,
        name,
      );
    }
  });
});
