import { catalogueRoutes } from "./catalogue/index.ts";
import { accountRoutes, createOwnProviders, resealAccounts, type Vault } from "./credentials/index.ts";
import {
  createDeliveryMetrics,
  deliver,
  forgetOldDeliveries,
  SEND,
  sendDue,
  sweepDeliveries,
  webhookRoutes,
  type Deliveries,
} from "./deliveries/index.ts";
import { DEMO_MERCHANT, DEMO_OUTLET, preferTripay, seedDemo, seedTestUser } from "./demo/index.ts";
import { healthRoutes } from "./health.ts";
import {
  approvalRoutes,
  auditRoutes,
  auditTrail,
  createAccessTokens,
  createKnownKeys,
  createPasswords,
  createRefusals,
  createSecretBox,
  deviceRoutes,
  forgetExpiredSessions,
  guard,
  identityRoutes,
  keyRoutes,
  limitRequests,
  merchants,
  openSigningKeys,
  outletRoutes,
  peopleRoutes,
  requireOpenSession,
  roleRoutes,
  userRoutes,
  type Users,
} from "./identity/index.ts";
import {
  createDocument,
  createHttp,
  createLog,
  createMetrics,
  createStreams,
  everywhere,
  followDatabaseClock,
  followOutbox,
  forgetOldEvents,
  forgetOldKeys,
  idMaker,
  inTransaction,
  onAnnounced,
  openDatabase,
  PROGRAM_ROLE,
  resolveName,
  StartFailure,
  startJobs,
  systemClock,
  type Clock,
  type Connection,
  type Document,
  type Log,
  type RegisteredRoute,
  type Settings,
} from "./kernel/index.ts";
import { chartOf, createLedger, openAccounts, seal } from "./ledger/index.ts";
import { pageRoutes } from "./pages.ts";
import {
  inquireOfProviders,
  continueRefund,
  disputeRoutes,
  openReplacement,
  operatorRoutes,
  paymentRoutes,
  REFUND,
  REOPEN,
  routingRoutes,
  sweepRefunds,
  VOID,
  voidPayment,
  type Payments,
} from "./payments/index.ts";
import { proveDaily, signerOf } from "./proof.ts";
import { setUpProviders } from "./provider-setup.ts";
import { registerReference } from "./reference.ts";
import { reportRoutes, rollup } from "./reports/index.ts";
import {
  onPaymentEnded,
  onPaymentRefunded,
  onRefundAbandoned,
  onSaleCancelled,
  saleRoutes,
  TILL_TOPICS,
  type Sales,
} from "./sales/index.ts";
import { migrateAsOwner, prepareMonths } from "./schema.ts";
import { makeSetupCode, setupRoutes } from "./setup/index.ts";
import { SETTLE_DAILY, settleDaily, settlementRoutes, type Settlement } from "./settlement/index.ts";
import { stockLevels } from "./stock/index.ts";
import {
  createWalletProvider,
  creditWaiting,
  failAbandonedTopups,
  eraseUser,
  markExpiredHolds,
  onTopupCancelled,
  onTopupEnded,
  onTopupRefunded,
  walletOperatorRoutes,
  walletRoutes,
  walletUserRoutes,
  type Wallets,
} from "./wallets/index.ts";

export type Program = {
  /** The address at which it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** All its routes. */
  readonly routes: readonly RegisteredRoute[];
  /** A code that sets up the first shop; only in production while there is none. */
  readonly setupCode?: string;
  /** Finishes requests and jobs in progress, then closes the connections. */
  stop(): Promise<void>;
};

export type ProgramParts = {
  readonly settings: Settings;
  readonly connection: Connection;
  /** Tripay's base URL. If it is empty, only merchants with their own accounts can use Tripay. */
  readonly tripayUrl: string;
  /** The simulator's URL, for providers whose own URLs are not set. Without it they are off. */
  readonly simulatorUrl?: string;
  /** The folder of the till's built pages. Without it none are served. */
  readonly till?: string;
  /**
   * This machine's clock, used only for ids. Expiry follows the database's clock, which all replicas share.
   */
  readonly clock?: Clock;
  /** The destination of the log instead of standard error. */
  readonly logTo?: { write(line: string): void };
};

/** A stop takes at most this long; requests in progress get less. */
const STOP_TIMEOUT_MS = 8_000;
const SEAL_POLL_MS = 1_000;
/** Connections of this process's outbox readers. Each uses one at a time. */
const READERS = 2;

/**
 * Webhook deliveries. They mostly wait for their receivers, so a few connections serve all of them; a pool of
 * their own leaves payments theirs.
 */
const COURIER = { concurrency: 32, pollMs: 5_000, connections: 5, outboxPollMs: 500 } as const;

/** Prefixes of the topics whose payloads open streams may carry. */
const STREAMED = [...TILL_TOPICS, "refund."];

/** Crontab lines, in UTC. */
const CRONTAB = `
* * * * * ledger:expire_holds
* * * * * refund:sweep
* * * * * wallet:sweep
* * * * * delivery:sweep
7 3 * * * identity:rotate_keys
17 3 * * * idempotency:forget
57 3 * * * identity:forget
27 3 * * * outbox:forget
47 3 * * * delivery:forget
37 3 * * * ledger:months
47 20 * * * ledger:prove
17 21 * * * ${SETTLE_DAILY}
`;

/** Starts the whole program in one process: every module, its routes and its workers. */
export async function startProgram({
  settings,
  connection,
  tripayUrl,
  simulatorUrl = "",
  till,
  clock: ownClock = systemClock,
  logTo,
}: ProgramParts): Promise<Program> {
  const log = createLog(settings.logLevel, logTo);
  const metrics = createMetrics();
  const newId = idMaker(ownClock);
  const lost = (error: Error) => log.warn({ err: error }, "a database connection was lost");
  await migrateAsOwner(settings.databaseAdminUrl || connection);
  const database = openDatabase(connection, settings.databasePool, lost, PROGRAM_ROLE);
  // stopped in reverse order, also if the start fails halfway
  const endings: Array<() => Promise<unknown>> = [() => database.close()];
  const stop = () => endWithin(STOP_TIMEOUT_MS, endings.splice(0).reverse(), log);
  try {
    const clock = await followDatabaseClock(database);
    endings.push(() => clock.stop());
    const ledger = createLedger(database, {
      concurrency: settings.ledgerConcurrency,
      queue: settings.ledgerQueue,
      onBatch: (items) => metrics.batchItems.observe(items),
    });
    const demo = await everywhere(() => checkDemo(settings, database, ledger));

    const refusals = createRefusals(database, log);
    endings.push(() => refusals.stop());
    const homeMerchant = () => everywhere(async () => (await merchants(database.kysely))[0]?.merchantId);
    const box = createSecretBox(settings.secretKey, settings.oldSecretKey);
    const keys = await openSigningKeys(database, box);
    const users: Users = {
      database,
      passwords: createPasswords(metrics),
      accessTokens: createAccessTokens(keys, clock),
      box,
      clock,
      newId,
      log,
      refusals,
      homeMerchant,
      onClosed: eraseUser,
    };

    let url = "";
    const { named, make, callbackUrl } = setUpProviders({
      settings,
      tripayUrl,
      simulatorUrl,
      publicUrl: () => settings.publicUrl || url,
      clock,
    });
    const installed = [...named, createWalletProvider({ database, ledger }, clock)];
    await everywhere(async () => {
      await openCharts(
        database,
        installed.map(({ name }) => name),
      );
      await resealAccounts(database, box);
    });
    const providers = createOwnProviders({ database, box, make, installed });
    const rules = { resolve: resolveName, loopback: settings.deliveryPrivate };
    const vault: Vault = {
      database,
      box,
      newId,
      rules,
      make,
      callbackUrl,
      changed: (merchantId) => providers.changed(merchantId),
    };
    const payments: Payments = {
      database,
      ledger,
      providers,
      clock,
      newId,
      log,
      homeMerchant,
      refusesSurcharges: settings.mode === "production",
      onEnded: async (tx, payment) => {
        await onPaymentEnded(tx, sales, payment);
        await onTopupEnded(tx, wallets, payment);
      },
      onRefundAbandoned,
      onOrderCancelled: async (tx, merchantId, orderId) => {
        await onSaleCancelled(tx, merchantId, orderId);
        await onTopupCancelled(tx, merchantId, orderId);
      },
      onRefunded: async (tx, refund) => [
        ...(await onPaymentRefunded(tx, refund)),
        ...(await onTopupRefunded(tx, wallets, refund)),
      ],
    };
    const sales: Sales = { database, ledger, payments, newId };
    const wallets: Wallets = { database, ledger, payments, newId };
    const settlement: Settlement = { database, ledger, payments, newId };
    // a pool of its own: it sees all merchants' rows, requests see one's, and each change of that costs a
    // query
    const reader = openDatabase(connection, READERS, lost, PROGRAM_ROLE);
    endings.push(() => reader.close());
    const tail = followOutbox(reader, [rollup], log, { streamed: STREAMED });
    endings.push(() => tail.stop());
    const unsubscribe = onAnnounced(database, () => tail.wake());
    endings.push(async () => unsubscribe());
    // a separate reader, so that sealing a burst of transfers delays no receipt
    const sealer = followOutbox(reader, [seal, auditTrail], log, { pollMs: SEAL_POLL_MS });
    endings.push(() => sealer.stop());
    const courier = openDatabase(connection, COURIER.connections, lost, PROGRAM_ROLE);
    endings.push(() => courier.close());
    const deliveries: Deliveries = {
      database,
      box,
      clock,
      newId,
      log,
      rules,
      metrics: createDeliveryMetrics(metrics, database),
    };
    const enqueuer = followOutbox(courier, [deliver], log, { pollMs: COURIER.outboxPollMs });
    endings.push(() => enqueuer.stop());

    const http = createHttp(log, metrics, settings);
    // requests and jobs don't wait for each other, so they are stopped at the same time
    const workers: Array<() => Promise<unknown>> = [() => http.close()];
    endings.push(() => Promise.all(workers.map((end) => end())));
    await registerReference(http);
    const keyMode = settings.mode === "sandbox" ? "test" : "live";
    guard(
      http,
      { database, accessTokens: users.accessTokens, knownKeys: createKnownKeys(database, keyMode), refusals },
      settings.mode === "sandbox" && settings.anonymous
        ? { role: "sandbox", merchantId: DEMO_MERCHANT }
        : undefined,
    );
    requireOpenSession(http, database);
    limitRequests(http, database);
    healthRoutes(http, {
      database,
      ledger,
      metrics,
      metricsAccess: { token: settings.metricsToken, isOpen: settings.mode === "sandbox" },
    });
    identityRoutes(http, { database, mode: settings.mode, demo, refusals });
    deviceRoutes(http, { database, publicUrl: () => settings.publicUrl || url, demo });
    peopleRoutes(http, { database });
    roleRoutes(http, { database });
    outletRoutes(http, { database });
    setupRoutes(http, {
      database,
      isCodeNeeded: (isLocal) => settings.mode === "production" || !isLocal,
      providers: installed.map(({ name }) => name),
    });
    userRoutes(http, users, keys);
    approvalRoutes(http, { database, refusals });
    keyRoutes(http, { database, mode: keyMode });
    auditRoutes(http, { database, sign: signerOf(settings, log) });
    catalogueRoutes(http, {
      database,
      stockOf: async (merchantId, outletId) =>
        new Map(
          (await stockLevels(database.kysely, merchantId, outletId)).map(({ productId, onHand }) => [
            productId,
            onHand,
          ]),
        ),
    });
    const streams = createStreams(http, database, tail);
    paymentRoutes(http, payments, tail, streams);
    operatorRoutes(http, payments);
    routingRoutes(http, payments);
    accountRoutes(http, vault);
    disputeRoutes(http, payments);
    walletRoutes(http, { database, ledger });
    walletUserRoutes(http, wallets);
    walletOperatorRoutes(http, wallets);
    saleRoutes(http, sales, streams);
    reportRoutes(http, database);
    settlementRoutes(http, settlement);
    webhookRoutes(http, deliveries);
    let reference: Document | undefined;
    http.get(
      "/openapi.json",
      { config: { right: "reference.read" }, schema: { hide: true } },
      (request, reply) => {
        reference ??= createDocument(JSON.stringify(http.swagger()), "application/json; charset=utf-8");
        return reference.send(request, reply.header("cache-control", "no-cache"));
      },
    );
    if (till) await pageRoutes(http, till);

    url = await listen(http, settings);
    const jobs = await startJobs(
      database,
      {
        [REOPEN]: ({ merchantId, paymentId }) =>
          openReplacement(payments, String(merchantId), String(paymentId)),
        "delivery:sweep": () => sweepDeliveries(database),
        "delivery:forget": () => forgetOldDeliveries(database),
        [VOID]: ({ merchantId, paymentId }) => voidPayment(payments, String(merchantId), String(paymentId)),
        [REFUND]: ({ merchantId, refundId, tries }) =>
          continueRefund(payments, String(merchantId), String(refundId), Number(tries)),
        "refund:sweep": async () => void (await sweepRefunds(payments)),
        "wallet:sweep": async () =>
          void (await Promise.all([
            creditWaiting(wallets),
            failAbandonedTopups(wallets),
            markExpiredHolds(wallets),
          ])),
        "identity:rotate_keys": () => keys.rotate(),
        "identity:forget": () => forgetExpiredSessions(database.kysely),
        "ledger:expire_holds": async () => void (await ledger.expireHolds()),
        "ledger:months": () => prepareMonths(database),
        "ledger:prove": () => proveDaily(database, settings, metrics, log),
        [SETTLE_DAILY]: () => settleDaily(settlement, log),
        "idempotency:forget": () => forgetOldKeys(database),
        "outbox:forget": async () => void (await forgetOldEvents(database)),
      },
      CRONTAB,
      log,
    );
    workers.push(() => jobs.stop());
    const inquiries = inquireOfProviders(payments);
    workers.push(() => inquiries.stop());
    const couriers = await startJobs(
      courier,
      {
        [SEND]: ({ merchantId, endpointId }) =>
          sendDue({ ...deliveries, database: courier }, String(merchantId), String(endpointId)),
      },
      "",
      log,
      COURIER,
    );
    workers.push(() => couriers.stop());
    const setupCode =
      settings.mode === "production"
        ? await everywhere(async () =>
            (await merchants(database.kysely)).length === 0
              ? (await makeSetupCode(database)).code
              : undefined,
          )
        : undefined;
    return { url, routes: http.registered, stop, ...(setupCode === undefined ? {} : { setupCode }) };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Runs the endings one after another. After `timeoutMs` it starts the rest without waiting for them. */
async function endWithin(
  timeoutMs: number,
  endings: ReadonlyArray<() => Promise<unknown>>,
  log: Log,
): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  const isLate = new Promise<void>((resolve) => late.addEventListener("abort", () => resolve()));
  for (const end of endings) {
    const ended = end();
    await Promise.race([ended, isLate]);
    // it is no longer awaited, so its failure is ignored
    if (late.aborted) ended.catch(() => undefined);
  }
  if (late.aborted) log.warn({ ms: timeoutMs }, "stop timed out; some work in progress was cut off");
}

/**
 * Opens missing ledger accounts of every merchant: new ones in the chart, and clearing accounts of new
 * providers.
 */
async function openCharts(
  database: ReturnType<typeof openDatabase>,
  providers: readonly string[],
): Promise<void> {
  for (const { merchantId, currency } of await merchants(database.kysely)) {
    await inTransaction(database, (tx) =>
      openAccounts(tx, merchantId, chartOf(merchantId, currency, providers, [])),
    );
  }
}

/** Seeds and returns the demo shop in the sandbox. In production it throws if the data contains one. */
async function checkDemo(
  settings: Settings,
  database: ReturnType<typeof openDatabase>,
  ledger: ReturnType<typeof createLedger>,
): Promise<{ merchantId: string; outletId: string } | undefined> {
  const isDemoHere = async () => (await merchants(database.kysely)).some(({ isDemo }) => isDemo);
  if (settings.mode === "sandbox") {
    await seedDemo(database, ledger);
    await preferTripay(database);
    if (!(await isDemoHere())) return undefined;
    await seedTestUser(database);
    return { merchantId: DEMO_MERCHANT, outletId: DEMO_OUTLET };
  }
  if (await isDemoHere()) {
    throw new StartFailure(
      "production mode: the data holds the demo shop, whose PINs are public.",
      "Set ONEGATE_DATA or DATABASE_URL to separate data for production.",
    );
  }
  return undefined;
}

async function listen(http: ReturnType<typeof createHttp>, { host, port }: Settings): Promise<string> {
  try {
    await http.listen({ host, port });
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE")
      throw new StartFailure(
        `Port ${port} is taken by another program.`,
        "Stop that one, or set PORT to a free port.",
      );
    if (code === "EACCES")
      throw new StartFailure(`This user may not listen on port ${port}.`, "Set PORT to a port above 1023.");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new StartFailure(`This machine has no address ${host}.`, "Set HOST to 127.0.0.1 or 0.0.0.0.");
    throw error;
  }
  const address = http.server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  return `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${actual}`;
}
