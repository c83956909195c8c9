import { newId, type Problem } from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { openTestProgram, type TestProgram } from "../server/testing/program.ts";
import { bearing } from "../server/testing/session.ts";

/** The origin that CORS_ORIGINS allows in this test. */
const PARTNER = "https://partner.contoh.invalid";

let pages: string;
let program: TestProgram;
let owner: string;
before(async () => {
  pages = mkdtempSync(join(tmpdir(), "onegate-pages-"));
  mkdirSync(join(pages, "assets"));
  writeFileSync(join(pages, "index.html"), "<!doctype html><title>Onegate</title>");
  writeFileSync(join(pages, "sw.js"), "// nothing");
  writeFileSync(join(pages, "assets", "main-1.js"), "// nothing");
  writeFileSync(join(pages, "assets", "main-1.js.br"), brotliCompressSync("// nothing"));
  program = await openTestProgram({
    till: pages,
    environment: { PUBLIC_URL: "https://toko.contoh.invalid", CORS_ORIGINS: PARTNER },
  });
  owner = await program.unlock("Ratna", "333333");
});
after(async () => {
  await program.close();
  rmSync(pages, { recursive: true, force: true });
});

type Seen = { readonly status: number; readonly headers: Headers };

/** The status and headers of an answer; its body is not read. */
async function head(
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: string } = {},
): Promise<Seen> {
  const abort = new AbortController();
  const { status, headers } = await fetch(`${program.url}${path}`, {
    method,
    redirect: "manual",
    signal: abort.signal,
    ...init,
  });
  abort.abort();
  return { status, headers };
}

function assertHeaders({ status, headers }: Seen, what: string, kind: "api" | "page" = "api"): void {
  const policy = headers.get("content-security-policy") ?? "";
  const directives = new Map(
    policy.split("; ").map((directive) => [directive.split(" ")[0], directive.split(" ").slice(1).join(" ")]),
  );
  const shown = `${what} answered ${status}`;
  assert.equal(directives.get("default-src"), "'none'", shown);
  assert.equal(directives.get("frame-ancestors"), "'none'", shown);
  assert.equal(directives.get("base-uri"), "'none'", shown);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*|https?:/, shown);
  assert.equal(directives.has("script-src"), kind === "page", shown);
  assert.equal(headers.get("x-content-type-options"), "nosniff", shown);
  assert.equal(headers.get("referrer-policy"), "no-referrer", shown);
  assert.equal(headers.get("cross-origin-resource-policy"), "same-origin", shown);
  assert.match(headers.get("strict-transport-security") ?? "", /^max-age=31536000/, shown);
  assert.equal(headers.get("set-cookie"), null, `${shown} and sets a cookie`);
  assert.equal(headers.get("access-control-allow-credentials"), null, shown);
  if (kind === "page") {
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin", shown);
    assert.match(headers.get("permissions-policy") ?? "", /geolocation=\(\)/, shown);
  } else {
    assert.equal(headers.get("access-control-allow-origin"), null, shown);
  }
}

/** Answers that may be cached, because they are the same for every caller. */
const CACHEABLE = new Set(["/.well-known/jwks.json", "/openapi.json"]);
const isPage = (url: string) => url === "/*";

describe("every answer", () => {
  const callers = {
    "without credentials": {},
    "with an invalid token": { authorization: "Bearer eyJhbGciOiJub25lIn0.e30." },
    "from a page of another site": { origin: "https://jahat.contoh.invalid" },
    "as the owner": undefined,
  } as const;

  for (const [who, callerHeaders] of Object.entries(callers)) {
    it(`of every route has the security headers, sets no cookie and isn't cached: ${who}`, async () => {
      assert.ok(program.routes.length > 60, "the routes are listed");
      const headers = callerHeaders ?? bearing(owner);
      for (const { method, url } of program.routes) {
        if (method === "HEAD" || (callerHeaders === undefined && url === "/api/v1/till/lock")) continue;
        const path = url
          .replace("*", "")
          .replace(/(?<!:):[a-z_]+/gi, newId())
          .replace("::", ":");
        const withBody =
          method === "GET"
            ? { headers }
            : { headers: { ...headers, "content-type": "application/json" }, body: "{}" };
        const seen = await head(method, path, withBody);
        assertHeaders(seen, `${method} ${url}`, isPage(url) && seen.status === 200 ? "page" : "api");
        if (!isPage(url) && !(CACHEABLE.has(url) && seen.status === 200))
          assert.equal(seen.headers.get("cache-control"), "no-store", `${method} ${url}`);
      }
    });
  }

  it("that is a refusal has the security headers: 400, 401, 403, 404, 405, 413, 415, 422, 500", async () => {
    const json = { "content-type": "application/json" };
    const seen = {
      "not JSON": [400, await head("POST", "/api/auth/login", { headers: json, body: "{" })],
      "an address that can't be read": [400, await head("GET", "/%zz")],
      "signed out": [
        401,
        await head("GET", "/api/v1/keys", { headers: { authorization: `Bearer ${"x".repeat(43)}` } }),
      ],
      "no such address": [404, await head("GET", "/api/v1/nothing")],
      "no such file": [404, await head("GET", "/nothing.png")],
      "no such method": [405, await head("DELETE", "/api/auth/register")],
      "too large": [
        413,
        await head("POST", "/api/auth/login", { headers: json, body: `"${"x".repeat(1_100_000)}"` }),
      ],
      "another type": [
        415,
        await head("POST", "/api/v1/till/unlock", {
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: "staff_id=a&pin=b",
        }),
      ],
      "a form of another site's page": [
        403,
        await head("POST", "/api/auth/login", {
          headers: {
            "content-type": "application/x-www-form-urlencoded",
            origin: "https://jahat.contoh.invalid",
          },
          body: "username=a&password=b",
        }),
      ],
      "not as described": [422, await head("POST", "/api/auth/login", { headers: json, body: "{}" })],
    } as const;
    for (const [what, [status, answer]] of Object.entries(seen)) {
      assert.equal(answer.status, status, what);
      assertHeaders(answer, what);
      assert.equal(answer.headers.get("cache-control"), "no-store", what);
      assert.equal(answer.headers.get("content-type"), "application/problem+json", what);
    }
    await program.database.pool.query("alter table user_session rename to user_session_away");
    const broken = await head("POST", "/api/auth/login", {
      headers: json,
      body: JSON.stringify({ username: "andi.contoh", password: "x".repeat(8) }),
    });
    await program.database.pool.query("alter table user_session_away rename to user_session");
    assert.equal(broken.status, 500);
    assertHeaders(broken, "a bug");
  });

  it("that is a stream has the security headers", async () => {
    const stream = await head("GET", "/api/v1/till/events", { headers: bearing(owner) });
    assert.deepEqual(
      [stream.status, stream.headers.get("content-type"), stream.headers.get("cache-control")],
      [200, "text/event-stream", "no-store"],
    );
    assertHeaders(stream, "the till's events");
    assert.match(stream.headers.get("x-request-id") ?? "", /./);
  });

  it("that is a page allows only its own files and WebAssembly, and nothing inline", async () => {
    for (const [path, cacheControl] of [
      ["/", "no-cache"],
      ["/sw.js", "no-cache"],
      ["/assets/main-1.js", "public, max-age=31536000, immutable"],
    ] as const) {
      const seen = await head("GET", path);
      assert.deepEqual([seen.status, seen.headers.get("cache-control")], [200, cacheControl], path);
      assertHeaders(seen, path, "page");
      assert.match(
        seen.headers.get("content-security-policy") ?? "",
        /script-src 'self' 'wasm-unsafe-eval';/,
        path,
      );
    }
  });

  it("that is a file of a page is compressed if the build made a compressed copy", async () => {
    const file = await fetch(`${program.url}/assets/main-1.js`, {
      headers: { "accept-encoding": "gzip, br" },
    });
    assert.deepEqual([file.headers.get("content-encoding"), await file.text()], ["br", "// nothing"]);
    assert.match(file.headers.get("content-type") ?? "", /javascript/);
    assert.match(file.headers.get("vary") ?? "", /accept-encoding/i);
    const plain = await fetch(`${program.url}/sw.js`, { headers: { "accept-encoding": "gzip, br" } });
    assert.deepEqual([plain.headers.get("content-encoding"), await plain.text()], [null, "// nothing"]);
  });

  it("has no HSTS header unless PUBLIC_URL is https", async () => {
    const plain = await openTestProgram();
    try {
      const { headers } = await fetch(`${plain.url}/healthz`);
      assert.equal(headers.get("strict-transport-security"), null);
      assert.equal(headers.get("vary"), null);
    } finally {
      await plain.close();
    }
  });
});

describe("another origin", () => {
  const preflight = (origin: string) =>
    head("OPTIONS", "/api/v1/wallet", {
      headers: {
        origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
      },
    });

  it("may send requests only if CORS_ORIGINS lists it", async () => {
    const allowed = await preflight(PARTNER);
    assert.deepEqual(
      [allowed.status, allowed.headers.get("access-control-allow-origin"), allowed.headers.get("vary")],
      [204, PARTNER, "origin"],
    );
    assert.match(allowed.headers.get("access-control-allow-headers") ?? "", /authorization/);
    assert.equal(allowed.headers.get("access-control-allow-credentials"), null);
    const answered = await head("GET", "/.well-known/jwks.json", { headers: { origin: PARTNER } });
    assert.deepEqual([answered.status, answered.headers.get("access-control-allow-origin")], [200, PARTNER]);
    const refused = await head("GET", "/api/v1/keys", {
      headers: { origin: PARTNER, authorization: "Bearer x" },
    });
    assert.deepEqual(
      [refused.status, refused.headers.get("access-control-allow-origin")],
      [401, PARTNER],
      "its page may read the refusal",
    );
    for (const origin of [
      "null",
      "https://jahat.contoh.invalid",
      `${PARTNER}.jahat.invalid`,
      PARTNER.replace("https", "http"),
      `${PARTNER}:8443`,
      PARTNER.toUpperCase(),
    ]) {
      const seen = await preflight(origin);
      assert.deepEqual([seen.status, seen.headers.get("access-control-allow-origin")], [405, null], origin);
    }
  });

  it("can't write by a form: only JSON is accepted, and only a bearer token counts", async () => {
    const sent = (type: string) =>
      head("POST", "/api/v1/wallet/transfers", {
        headers: {
          "content-type": type,
          cookie: `session=${owner}; __Host-session=${owner}`,
          "idempotency-key": newId(),
        },
        body: JSON.stringify({ to: "budi.contoh", amount: "1.00", currency: "IDR" }),
      });
    for (const type of [
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/plain",
      "text/plain; application/json",
    ]) {
      const { status } = await sent(type);
      assert.ok(status === 401 || status === 403 || status === 415, `${type}: ${status}`);
    }
    assert.equal((await sent("application/json")).status, 401, "a cookie doesn't identify the caller");
    // no route accepts a form sent by a page in a browser; forms are only for clients of older systems
    for (const { method, url, schema } of program.routes) {
      if (schema["body"] === undefined) continue;
      for (const page of [
        { origin: "null" },
        { origin: program.url },
        { "sec-fetch-site": "cross-site" },
      ] as const) {
        for (const authorization of [{ ...bearing(owner) }, {}]) {
          const headers = {
            ...page,
            ...authorization,
            "content-type": "application/x-www-form-urlencoded",
            "idempotency-key": newId(),
          };
          const { status } = await head(method, url.replace(/(?<!:):[a-z_]+/gi, newId()).replace("::", ":"), {
            headers,
            body: "a=b",
          });
          assert.ok([401, 403, 415].includes(status), `${method} ${url} answered a form with ${status}`);
        }
      }
    }
  });

  it("must be a complete origin in CORS_ORIGINS; anything else is refused at the start", async () => {
    for (const CORS_ORIGINS of [
      "*",
      "null",
      "https://a.invalid/",
      "https://a.invalid/path",
      "a.invalid",
      "https://*.a.invalid/x",
      "file://x",
    ]) {
      await assert.rejects(openTestProgram({ environment: { CORS_ORIGINS } }), /CORS_ORIGINS/, CORS_ORIGINS);
    }
  });
});

describe("a request that is not valid HTTP", () => {
  it("is answered without details of the program", async () => {
    const answer = await new Promise<Problem | string>((resolve, reject) => {
      const sent = request(
        `${program.url}/api/auth/login`,
        { method: "POST", headers: { "x-long": "x".repeat(20_000) } },
        (incoming) => {
          let text = "";
          incoming.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
        },
      );
      sent.on("error", reject).end();
    });
    assert.doesNotMatch(JSON.stringify(answer), /node_modules|at |stack|fastify/i);
  });
});
