import { isRefusal } from "@onegate/contract";
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import { callPublic, checkedToDestination, isPublicAddress, type AddressRules } from "./index.ts";

const names: Record<string, readonly string[]> = {
  "toko.contoh": ["8.8.8.8", "2001:4860:4860::8888"],
  "dalam.contoh": ["10.0.0.7"],
  "setengah.contoh": ["8.8.8.8", "127.0.0.1"],
  "metadata.contoh": ["169.254.169.254"],
  "nat64.contoh": ["64:ff9b::7f00:1"],
};
const rules: AddressRules = { resolve: async (name) => names[name] ?? [], loopback: false };
const outcomeOf = async (url: string, with_: AddressRules = rules) => {
  const found = await checkedToDestination(url, with_);
  return isRefusal(found) ? found.refusal : "may be called";
};

describe("fault 35: a user-supplied address", () => {
  const table: ReadonlyArray<readonly [url: string, outcome: string]> = [
    ["https://toko.contoh/hooks?shop=7", "may be called"],
    ["https://toko.contoh.:8443/", "may be called"],
    ["https://8.8.8.8/", "may be called"],
    ["https://[2001:4860:4860::8888]/", "may be called"],
    // loopback in every spelling
    ["https://localhost/", "url_not_public"],
    ["https://LOCALHOST./", "url_not_public"],
    ["https://a.localhost/", "url_not_public"],
    ["https://127.0.0.1/", "url_not_public"],
    ["https://127.0.0.1./", "url_not_public"],
    ["https://127.1/", "url_not_public"],
    ["https://127.255.255.254/", "url_not_public"],
    ["https://2130706433/", "url_not_public"],
    ["https://017700000001/", "url_not_public"],
    ["https://0177.0.0.01/", "url_not_public"],
    ["https://0x7f000001/", "url_not_public"],
    ["https://0x7f.1/", "url_not_public"],
    ["https://%31%32%37.0.0.1/", "url_not_public"],
    ["https://①②⑦.⓪.⓪.①/", "url_not_public"],
    ["https://127。0。0。1/", "url_not_public"],
    ["https:\\\\127.0.0.1\\", "url_not_public"],
    ["https://[::1]/", "url_not_public"],
    ["https://[0:0:0:0:0:0:0:1]/", "url_not_public"],
    ["https://[::127.0.0.1]/", "url_not_public"],
    ["https://[::ffff:127.0.0.1]/", "url_not_public"],
    ["https://[::ffff:7f00:1]/", "url_not_public"],
    ["https://[::ffff:0:127.0.0.1]/", "url_not_public"],
    ["https://[64:ff9b::127.0.0.1]/", "url_not_public"],
    ["https://[64:ff9b:1::7f00:1]/", "url_not_public"],
    ["https://[2002:7f00:1::]/", "url_not_public"],
    ["https://[2001::7f00:1]/", "url_not_public"],
    // unspecified, private, shared, link-local, reserved and multicast
    ["https://0/", "url_not_public"],
    ["https://0.0.0.0/", "url_not_public"],
    ["https://0.1.2.3/", "url_not_public"],
    ["https://[::]/", "url_not_public"],
    ["https://10.1.2.3/", "url_not_public"],
    ["https://172.16.0.1/", "url_not_public"],
    ["https://172.31.255.255/", "url_not_public"],
    ["https://192.168.0.1/", "url_not_public"],
    ["https://100.64.0.1/", "url_not_public"],
    ["https://100.127.255.255/", "url_not_public"],
    ["https://169.254.1.1/", "url_not_public"],
    ["https://169.254.169.254/latest/meta-data/", "url_not_public"],
    ["https://2852039166/", "url_not_public"],
    ["https://[fd00:ec2::254]/", "url_not_public"],
    ["https://[::ffff:169.254.169.254]/", "url_not_public"],
    ["https://192.0.0.1/", "url_not_public"],
    ["https://192.0.2.1/", "url_not_public"],
    ["https://198.18.0.1/", "url_not_public"],
    ["https://203.0.113.1/", "url_not_public"],
    ["https://224.0.0.1/", "url_not_public"],
    ["https://240.0.0.1/", "url_not_public"],
    ["https://255.255.255.255/", "url_not_public"],
    ["https://[fc00::1]/", "url_not_public"],
    ["https://[fe80::1]/", "url_not_public"],
    ["https://[fec0::1]/", "url_not_public"],
    ["https://[ff02::1]/", "url_not_public"],
    ["https://[2001:db8::1]/", "url_not_public"],
    ["https://[100::1]/", "url_not_public"],
    // names that resolve to such addresses
    ["https://dalam.contoh/", "url_not_public"],
    ["https://setengah.contoh/", "url_not_public"],
    ["https://metadata.contoh/", "url_not_public"],
    ["https://nat64.contoh/", "url_not_public"],
    ["https://tidak-ada.contoh/", "url_not_public"],
    // unencrypted
    ["http://toko.contoh/", "url_insecure"],
    ["http://127.0.0.1:3000/", "url_insecure"],
    // not a URL of the web
    ["toko.contoh/hooks", "url_malformed"],
    ["//toko.contoh/hooks", "url_malformed"],
    ["ftp://toko.contoh/", "url_malformed"],
    ["file:///etc/passwd", "url_malformed"],
    ["gopher://127.0.0.1:6379/_x", "url_malformed"],
    ["javascript:alert(1)", "url_malformed"],
    ["https://user@toko.contoh/", "url_malformed"],
    ["https://user:pass@toko.contoh/", "url_malformed"],
    ["https://toko.contoh@127.0.0.1/", "url_malformed"],
    ["https://toko.contoh/#top", "url_malformed"],
    ["https://toko.contoh:22/", "url_malformed"],
    ["https://toko.contoh:25/", "url_malformed"],
    ["https://toko.contoh:0/", "url_malformed"],
    ["https://toko.contoh:99999/", "url_malformed"],
    ["https://[fe80::1%25eth0]/", "url_malformed"],
    ["https://256.256.256.256/", "url_malformed"],
    [`https://toko.contoh/${"a".repeat(2_000)}`, "url_malformed"],
    ["", "url_malformed"],
  ];
  for (const [url, expected] of table)
    it(`${url.length > 80 ? `${url.slice(0, 30)}…` : url || "nothing"} ${expected}`, async () =>
      assert.equal(await outcomeOf(url), expected));

  it("may be on a developer's own machine if that is allowed, also over http, and nowhere else", async () => {
    const own = { ...rules, loopback: true };
    for (const url of [
      "http://127.0.0.1:3000/",
      "http://localhost:3000/",
      "http://[::1]:3000/",
      "https://localhost:3000/",
      "https://toko.contoh/",
    ])
      assert.equal(await outcomeOf(url, own), "may be called", url);
    for (const url of ["http://toko.contoh/", "http://8.8.8.8/"])
      assert.equal(await outcomeOf(url, own), "url_insecure", url);
    for (const url of [
      "http://10.0.0.7/",
      "https://dalam.contoh/",
      "https://setengah.contoh/",
      "http://0.0.0.0/",
      "http://[::ffff:127.0.0.1]/",
      "http://169.254.169.254/",
    ])
      assert.equal(await outcomeOf(url, own), "url_not_public", url);
  });

  it("is no address at all", () => {
    for (const text of ["", "x", "1.2.3.4.5", "::g", "8.8.8.8/8", "toko.contoh"])
      assert.equal(isPublicAddress(text), false, text);
  });
});

describe("a call to a user-supplied address", () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });
  const own: AddressRules = { ...rules, loopback: true };
  const call = (url: string, with_ = own, totalMs = 2_000) =>
    callPublic({ url, headers: { "x-test": "1" }, body: "{}", totalMs, maxBytes: 100 }, with_);

  async function serve(listener: RequestListener): Promise<number> {
    const server = createServer(listener).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }
  async function serveRaw(words: string | undefined): Promise<number> {
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("data", () => words !== undefined && socket.end(words));
    }).listen(0, "127.0.0.1");
    servers.push(server as unknown as Server);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  it("posts, and returns the status and the beginning of the response", async () => {
    const port = await serve((request, response) =>
      response
        .writeHead(201, { "retry-after": "7" })
        .end(`${request.method} ${String(request.headers["x-test"])} ${"a".repeat(1_000)}`),
    );
    assert.deepEqual(await call(`http://127.0.0.1:${port}/`), {
      status: 201,
      retryAfter: "7",
      text: `POST 1 ${"a".repeat(93)}`,
    });
    assert.deepEqual(await call(`http://localhost:${port}/`), {
      status: 201,
      retryAfter: "7",
      text: `POST 1 ${"a".repeat(93)}`,
    });
  });

  it("fault 35: follows no redirect", async () => {
    let reached = 0;
    const inside = await serve((_request, response) => {
      reached += 1;
      response.end();
    });
    const port = await serve((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${inside}/` }).end(),
    );
    assert.deepEqual(await call(`http://127.0.0.1:${port}/`), {
      status: 307,
      retryAfter: undefined,
      text: "",
    });
    assert.equal(reached, 0);
  });

  it("fault 35: a name that changes its address is refused, and is looked up once per call", async () => {
    let reached = 0;
    const port = await serve((_request, response) => {
      reached += 1;
      response.end();
    });
    const answers = [["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]];
    let lookups = 0;
    const rebinding: AddressRules = {
      loopback: false,
      resolve: async () => answers[(lookups += 1) - 1] ?? [],
    };
    assert.equal(await outcomeOf(`https://jahat.contoh:${port}/`, rebinding), "may be called");
    assert.deepEqual(await call(`https://jahat.contoh:${port}/`, rebinding), { error: "address" });
    assert.equal(lookups, 2);
    assert.equal(reached, 0);
  });

  it("connects to the checked address, not to the one that the system's resolver returns", async () => {
    const port = await serve((request, response) => response.end(request.headers.host));
    const pinned: AddressRules = { loopback: true, resolve: async () => ["127.0.0.1"] };
    assert.deepEqual(await call(`http://nama-yang-tidak-ada.contoh:${port}/`, pinned), {
      status: 200,
      retryAfter: undefined,
      text: `nama-yang-tidak-ada.contoh:${port}`,
    });
  });

  it("returns the kind of error within its timeout", async () => {
    const silent = await serveRaw(undefined);
    const begun = performance.now();
    assert.deepEqual(await call(`http://127.0.0.1:${silent}/`, own, 300), { error: "timeout" });
    assert.deepEqual(
      await call(
        "https://lambat.contoh/",
        { loopback: false, resolve: () => new Promise(() => undefined) },
        300,
      ),
      { error: "timeout" },
    );
    assert.ok(performance.now() - begun < 2_000);
    assert.deepEqual(await call(`http://127.0.0.1:${await unused()}/`), { error: "connection" });
    assert.deepEqual(await call(`http://127.0.0.1:${await serveRaw("hello\r\n\r\n")}/`), {
      error: "connection",
    });
    assert.deepEqual(
      await call(`https://127.0.0.1:${await serve((_request, response) => response.end())}/`),
      { error: "tls" },
    );
    assert.deepEqual(await call("https://tidak-ada.contoh/"), { error: "address" });
  });

  it("returns the status of a response that breaks off, never ends or switches the protocol", async () => {
    assert.deepEqual(
      await call(`http://127.0.0.1:${await serveRaw("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf")}/`),
      { status: 200, retryAfter: undefined, text: "half" },
    );
    const dripping = await serve((_request, response) => void response.writeHead(200).write("drop"));
    assert.deepEqual(await call(`http://127.0.0.1:${dripping}/`, own, 300), {
      status: 200,
      retryAfter: undefined,
      text: "drop",
    });
    const upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n";
    const switching = await call(`http://127.0.0.1:${await serveRaw(upgrade)}/`);
    assert.deepEqual(switching, { status: 101, retryAfter: undefined, text: "" });
  });

  async function unused(): Promise<number> {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
  }
});
