import { newId } from "@onegate/contract";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { createAccessTokens, createSecretBox, openSigningKeys } from "../server/identity/index.ts";
import { readSettings, systemClock, type Database } from "../server/kernel/index.ts";
import { closedLoop, createSender, openLoop, percentile } from "./open-loop.ts";
import { checkBooks, startBenchServer } from "./server.ts";
import { openWorld, shopCode, SHOPS, walletCode, WALLETS } from "./world.ts";

const PROGRAM = fileURLToPath(new URL("./program.ts", import.meta.url));
/** People who sign in repeatedly, each from their own address, and how many do so at once. */
const PEOPLE = 64;
const BATCH_SIZE = 32;
const TOKENS = 2_000;
const MAX_CONCURRENT_CHECKS = 16;
const PASSWORD = "Senja-di-Lembang-77";

/**
 * Measures what signing in costs, and what it costs others: access tokens checked a second, on first and on
 * later use; sign-ins a second, closed loop; and wallet payments, open loop at `rate` a second and timed from
 * the moment each was due, before and during the maximum rate of sign-ins.
 */
export async function benchAuth({ seconds, rate }: { seconds: number; rate: number }) {
  const server = await startBenchServer(4);
  const program = fork(PROGRAM, [JSON.stringify(server.cluster.connection)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, TRUST_PROXY: "loopback" },
  });
  try {
    const [url] = (await once(program, "message")) as [string];
    await openWorld(server.database, DEMO_MERCHANT);
    const people = createSender(url, BATCH_SIZE);
    const others = createSender(url, 256);
    const from = (n: number) => ({ "x-forwarded-for": `10.0.${Math.floor(n / 250)}.${1 + (n % 250)}` });
    const request = async (
      sender: typeof people,
      status: number,
      ...[path, body, headers]: Parameters<typeof people.send>
    ) => {
      const answer = await sender.send(path, body, headers);
      if (answer.status !== status) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    };
    const signIn = (n: number) =>
      request(
        people,
        200,
        "/api/auth/login",
        JSON.stringify({ username: `bangku.${n % PEOPLE}`, password: PASSWORD }),
        from(n % PEOPLE),
      );
    const pay = (n: number) =>
      request(
        others,
        200,
        "/payments",
        JSON.stringify({
          id: newId(),
          currency: "IDR",
          amount: "1.00",
          source_account: walletCode((n * 7919) % WALLETS),
          destination_account: shopCode(n % SHOPS),
        }),
      );

    await closedLoop(2, PEOPLE, (n) =>
      request(
        people,
        201,
        "/api/auth/register",
        JSON.stringify({
          username: `bangku.${n}`,
          email: `bangku.${n}@contoh.invalid`,
          phone: `+62818${String(n).padStart(8, "0")}`,
          password: PASSWORD,
        }),
        from(n),
      ),
    );
    await closedLoop(BATCH_SIZE, PEOPLE, signIn);
    await openLoop(rate, rate * 2, pay);
    const before = await openLoop(rate, rate * seconds, pay);

    let signedIn = 0;
    let ended = false;
    const begun = performance.now();
    const signIns = Promise.all(
      Array.from({ length: BATCH_SIZE }, async (_, caller) => {
        for (let n = caller; !ended; n += BATCH_SIZE) {
          await signIn(n);
          signedIn += 1;
        }
      }),
    );
    const during = await openLoop(rate, rate * seconds, pay);
    const perSecond = signedIn / ((performance.now() - begun) / 1000);
    ended = true;
    await signIns;
    people.close();
    others.close();
    const books = await checkBooks(server.database);
    program.send("stop");
    await once(program, "exit");
    return {
      bench: "auth",
      ...(await benchTokens(server.database)),
      sign_ins_per_second: Math.round(perSecond * 10) / 10,
      others_per_second: rate,
      others_p50_ms: percentile(before, 0.5),
      others_p99_ms: percentile(before, 0.99),
      others_meanwhile_p50_ms: percentile(during, 0.5),
      others_meanwhile_p99_ms: percentile(during, 0.99),
      books,
    };
  } finally {
    if (program.exitCode === null) program.kill("SIGKILL");
    await server.close();
  }
}

/** Checks tokens as the guard does, in this process, with nothing else to do. */
async function benchTokens(database: Database) {
  const keys = await openSigningKeys(database, createSecretBox(readSettings({}).secretKey));
  const accessTokens = createAccessTokens(keys, systemClock);
  const tokens: string[] = [];
  const signed = await closedLoop(
    MAX_CONCURRENT_CHECKS,
    TOKENS,
    async () =>
      void tokens.push(
        await accessTokens.sign({ userId: newId(), sessionId: newId(), merchantId: DEMO_MERCHANT }),
      ),
  );
  const check = async (n: number) => {
    if (!(await accessTokens.verify(tokens[n % TOKENS] ?? ""))) throw new Error("a valid token was rejected");
  };
  const first = await closedLoop(MAX_CONCURRENT_CHECKS, TOKENS, check);
  const again = await closedLoop(MAX_CONCURRENT_CHECKS, 20 * TOKENS, check);
  return {
    tokens_signed_per_second: Math.round(signed),
    token_checks_per_second: Math.round(first),
    token_checks_again_per_second: Math.round(again),
  };
}
