import {
  newId,
  type CatalogueBody,
  type EnrolledBody,
  type NewSaleBody,
  type Problem,
  type SaleBody,
  type SessionBody,
  type ShopBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { startSimulator, type RunningSimulator, type SimulatorOptions } from "../../simulator/index.ts";
import { readSettings, type Database } from "../kernel/index.ts";
import { prove } from "../ledger/index.ts";
import { startProgram, type Program } from "../roles.ts";
import { openTestDatabase, type TestDatabase } from "./database.ts";
import { bearing, rememberDevice } from "./session.ts";

/** The whole program over HTTP, with its own database and its own simulator. */
export type TestProgram = {
  readonly url: string;
  /** Every route of the program. */
  readonly routes: Program["routes"];
  readonly database: Database;
  readonly connection: TestDatabase["connection"];
  readonly simulator: RunningSimulator;
  call<T = unknown>(
    method: string,
    path: string,
    options?: { body?: unknown; token?: string; headers?: Record<string, string>; raw?: string },
  ): Promise<Answer<T>>;
  /** Enrols a till of the demo shop and returns its token. */
  enrol(): Promise<string>;
  /** Opens a session on the demo till, which is enrolled at the first unlock, and returns its token. */
  unlock(name: string, pin: string): Promise<string>;
  /** Controls the simulator by a path below `/control`, such as `transactions/REF/pay`. */
  lever(method: string, path: string, body?: unknown): Promise<unknown>;
  restart(): Promise<void>;
  assertBooksHold(): Promise<void>;
  close(): Promise<void>;
};

export type Answer<T> = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly code: string | undefined;
};

export async function openTestProgram(
  options: {
    callbackRetryMs?: number;
    till?: string;
    environment?: Record<string, string>;
    simulator?: SimulatorOptions;
    logTo?: { write(line: string): void };
  } = {},
): Promise<TestProgram> {
  const test = await openTestDatabase();
  const simulator = await startSimulator({
    callbackRetryMs: options.callbackRetryMs ?? 200,
    seed: 7,
    ...options.simulator,
  });
  const settings = readSettings({ PORT: "0", LOG_LEVEL: "silent", ...options.environment });
  const start = (port: number): Promise<Program> =>
    startProgram({
      settings: { ...settings, port },
      connection: test.connection,
      tripayUrl: `${simulator.url}/api-sandbox`,
      simulatorUrl: simulator.url,
      ...(options.till ? { till: options.till } : {}),
      ...(options.logTo ? { logTo: options.logTo } : {}),
    });
  let program = await start(0);
  let device: Promise<string> | undefined;

  const opened: TestProgram = {
    get url() {
      return program.url;
    },
    get routes() {
      return program.routes;
    },
    database: test.database,
    connection: test.connection,
    simulator,
    async call<T>(
      method: string,
      path: string,
      {
        body,
        token,
        headers,
        raw,
      }: { body?: unknown; token?: string; headers?: Record<string, string>; raw?: string } = {},
    ) {
      const response = await fetch(`${program.url}${path}`, {
        method,
        headers: {
          ...(body !== undefined || raw !== undefined ? { "content-type": "application/json" } : {}),
          ...bearing(token),
          ...headers,
        },
        ...(raw !== undefined ? { body: raw } : body !== undefined ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      const parsed = text === "" ? undefined : (JSON.parse(text) as T);
      noteSession(path, headers?.["onegate-device"], parsed);
      return {
        status: response.status,
        headers: response.headers,
        body: parsed as T,
        code: (parsed as Partial<Problem> | undefined)?.code,
      };
    },
    async enrol() {
      const enrolled = await opened.call<EnrolledBody>("POST", "/api/v1/till/devices", { body: {} });
      assert.equal(enrolled.status, 201, JSON.stringify(enrolled.body));
      return enrolled.body.token;
    },
    async unlock(name, pin) {
      device ??= opened.enrol();
      const shop = await opened.call<ShopBody>("GET", "/api/v1/till/shop");
      const staff = shop.body.staff.find((member) => member.name === name);
      const session = await opened.call<SessionBody>("POST", "/api/v1/till/unlock", {
        body: { staff_id: staff?.id, pin },
        headers: { "onegate-device": await device },
      });
      assert.equal(session.status, 200, JSON.stringify(session.body));
      return session.body.token;
    },
    async lever(method, path, body) {
      const response = await fetch(`${simulator.url}/control/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as { success: boolean; data?: unknown };
      assert.ok(answer.success, `${path}: ${JSON.stringify(answer)}`);
      return answer.data;
    },
    async restart() {
      const port = Number(new URL(program.url).port);
      await program.stop();
      program = await start(port);
    },
    async assertBooksHold() {
      assert.deepEqual((await prove(test.database)).breaches, []);
    },
    async close() {
      await program.stop();
      await simulator.close();
      await test.close();
    },
  };
  return opened;
}

/**
 * Remembers the device of a session that an unlock or the set-up of a shop opened, because it works only
 * with that device.
 */
function noteSession(path: string, device: string | undefined, answer: unknown): void {
  const { token, session } = (answer ?? {}) as { token?: string; session?: { token?: string } };
  if (path === "/api/v1/till/unlock" && token !== undefined && device !== undefined)
    rememberDevice(token, device);
  if (path === "/api/v1/setup" && token !== undefined && session?.token !== undefined)
    rememberDevice(session.token, token);
}

/** A sale of one of each named product, as a till sends it. */
export function newSale(
  catalogue: CatalogueBody,
  names: readonly string[],
  tender: "exact" | "QRIS" | "QRIS_STATIC" | string,
): NewSaleBody {
  const lines = names.map((name) => {
    const product = catalogue.products.find((candidate) => candidate.name === name);
    assert.ok(product, name);
    return { product_id: product.id, quantity: 1, unit_price: product.price };
  });
  const minor = lines.reduce((sum, line) => sum + BigInt(line.unit_price.amount.replace(".", "")), 0n);
  const total = { amount: `${minor / 100n}.${(minor % 100n).toString().padStart(2, "0")}`, currency: "IDR" };
  return {
    id: newId(),
    lines,
    total,
    tender:
      tender === "QRIS" || tender === "QRIS_STATIC"
        ? { method: tender }
        : { method: "CASH", tendered: tender === "exact" ? total : { amount: tender, currency: "IDR" } },
  };
}

export async function sell(
  program: TestProgram,
  token: string,
  sale: NewSaleBody,
): Promise<Answer<SaleBody>> {
  return program.call<SaleBody>("POST", "/api/v1/till/sales", {
    token,
    body: sale,
    headers: { "idempotency-key": sale.id },
  });
}
