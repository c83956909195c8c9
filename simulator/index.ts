import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { send } from "./answer.ts";
import { Book } from "./book.ts";
import { controlRoutes } from "./control.ts";
import { Courier } from "./courier.ts";
import { failure } from "./envelope.ts";
import { FaultPlan } from "./faults.ts";
import { readForm } from "./form.ts";
import { createHostCheck, nameOf } from "./hosts.ts";
import { DEMO_MERCHANT_ID, DEMO_SERVER_KEY, playMidtrans, type MidtransMerchant } from "./midtrans/index.ts";
import { nearOnly } from "./near.ts";
import { HEADERS } from "./pages/frame.ts";
import { pageRoutes } from "./pages/routes.ts";
import type { Provider } from "./provider.ts";
import { seededRandom } from "./random.ts";
import { expireDue } from "./settle.ts";
import { playSnap, type SnapAccount } from "./snap/index.ts";
import { ShiftedClock, type Clock } from "./time.ts";
import { DEMO_CREDENTIAL, playTripay, type Credential } from "./tripay/index.ts";
import type { World } from "./world.ts";
import {
  DEMO_BUSINESS_ID,
  DEMO_CALLBACK_TOKEN,
  DEMO_SECRET_KEY,
  playXendit,
  type XenditBusiness,
} from "./xendit/index.ts";

export { newKeyPair, type SnapAccount } from "./snap/index.ts";
export { DEMO_SERVER_KEY, type MidtransMerchant } from "./midtrans/index.ts";
export { DEMO_CREDENTIAL, type Credential } from "./tripay/index.ts";
export { DEMO_CALLBACK_TOKEN, DEMO_SECRET_KEY, type XenditBusiness } from "./xendit/index.ts";

export type SimulatorOptions = {
  /** 0 or undefined: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Path of the journal; without it, all data is lost when the simulator stops. */
  readonly data?: string;
  readonly seed?: number;
  readonly clock?: Clock;
  readonly publicUrl?: string;
  /**
   * Key that allows other machines to use the control API and see the list; without it, no other machine may.
   */
  readonly controlKey?: string;
  /** Host names that requests may use besides the public URL's, localhost and IP addresses. */
  readonly hosts?: readonly string[];
  /** Replaces a provider's own pauses before it retries a callback. */
  readonly callbackRetryMs?: number;
  /** Where callbacks go when a request names no URL, like the setting in a provider's dashboard. */
  readonly callbackUrl?: string | null;
  /** Tripay's. */
  readonly feePayer?: "merchant" | "customer";
  readonly credentials?: readonly Credential[];
  readonly midtrans?: readonly Omit<MidtransMerchant, "callbackUrl">[];
  readonly xendit?: readonly Omit<XenditBusiness, "callbackUrl">[];
  /** The SNAP BI merchant; a demo merchant with generated keys if none is given. */
  readonly snap?: SnapAccount;
};

export type RunningSimulator = {
  /** Without a trailing slash; Tripay's base URLs are `<url>/api-sandbox/` and `<url>/api/`. */
  readonly url: string;
  /** Processes due expiries and callbacks and waits for them. A timer also does this continuously. */
  tick(): Promise<void>;
  close(): Promise<void>;
};

const TICK_MS = 50;

/** Starts a simulator in this process. Rejects with the listener's error if the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const clock = new ShiftedClock(options.clock ?? { now: () => Date.now() });
  const book = new Book(options.data);
  clock.shiftMs = book.shiftMs;
  const faults = new FaultPlan();
  const providers = new Map(played(options).map((provider) => [provider.name, provider]));
  const courier = new Courier({ clock, book, providers, retryMs: options.callbackRetryMs });
  const server = serverOf(options.controlKey, [
    ...(options.hosts ?? []),
    nameOf(options.publicUrl ?? "") ?? "localhost",
  ]);
  const ownUrl = () => addressOf(server.server.address(), options.host);
  const publicUrl = options.publicUrl?.replace(/\/+$/, "");
  const world: World = {
    clock,
    book,
    courier,
    faults,
    providers,
    random: seededRandom(options.seed ?? Math.floor(Math.random() * 2 ** 32)),
    publicUrl: () => publicUrl ?? ownUrl(),
  };
  for (const provider of providers.values()) await provider.mount(server, world);
  await server.register(controlRoutes(world), { prefix: "/control" });
  await server.register(pageRoutes(world));

  try {
    await server.listen({ port: options.port ?? 0, host: options.host ?? "127.0.0.1" });
  } catch (error) {
    book.close();
    throw error;
  }
  const tick = async () => {
    expireDue(world);
    await courier.sendDue();
  };
  // what can't be written now, for example because the disk is full, is retried at the next tick
  const timer = setInterval(() => void tick().catch(() => undefined), TICK_MS);
  const end = async () => {
    clearInterval(timer);
    await server.close();
    await courier.close();
    book.close();
  };
  let ended: Promise<void> | undefined;
  return { url: ownUrl(), tick, close: () => (ended ??= end()) };
}

const DEMO_MERCHANTS = [{ serverKey: DEMO_SERVER_KEY, merchantId: DEMO_MERCHANT_ID }];
const DEMO_BUSINESSES = [
  { secretKey: DEMO_SECRET_KEY, businessId: DEMO_BUSINESS_ID, callbackToken: DEMO_CALLBACK_TOKEN },
];

/** All simulated providers, each from its own folder. */
function played({
  credentials = [DEMO_CREDENTIAL],
  feePayer = "merchant",
  callbackUrl = null,
  midtrans = DEMO_MERCHANTS,
  xendit = DEMO_BUSINESSES,
  snap,
}: SimulatorOptions): Provider[] {
  return [
    playTripay({ credentials, feePayer, callbackUrl }),
    playMidtrans(midtrans.map((merchant) => ({ ...merchant, callbackUrl }))),
    playXendit(xendit.map((business) => ({ ...business, callbackUrl }))),
    playSnap(snap),
  ];
}

function serverOf(controlKey: string | undefined, hosts: readonly string[]) {
  const refusalOf = createHostCheck(hosts);
  const server = fastify({ forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true } });
  server.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_request: unknown, body: string) => readForm(body),
  );
  server.addHook("onRequest", async (request, reply) => {
    void reply.headers(HEADERS);
    const refusal = refusalOf(request.method, request.headers);
    return refusal && send(reply, refusal);
  });
  server.addHook("onRequest", nearOnly(controlKey));
  server.setNotFoundHandler(async (_, reply) => send(reply, failure("Not found", 404)));
  server.setErrorHandler(async (error: { statusCode?: number; message: string }, _, reply) =>
    send(reply, failure(error.message, error.statusCode ?? 500)),
  );
  return server;
}

function addressOf(address: AddressInfo | string | null, host = "127.0.0.1"): string {
  if (address === null || typeof address === "string")
    throw new Error("the simulator does not listen on a port");
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${address.port}`;
}
