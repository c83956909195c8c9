import { fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SANDBOX_TRIPAY } from "../server/kernel/index.ts";
import { startSimulatorProcess } from "../server/simulator.ts";
import { closedLoop, createSender, openLoop, percentile } from "./open-loop.ts";
import { checkBooks, startBenchServer } from "./server.ts";

const CALLERS = 64;
/** Requests to each side before the measurement. */
const WARM_UP = 500;
const CONNECTIONS = 256;
const RUPIAH = 25_000;
const PROGRAM = fileURLToPath(new URL("./program.ts", import.meta.url));

const hmac = (text: string) => createHmac("sha256", SANDBOX_TRIPAY.privateKey).update(text).digest("hex");

/**
 * Measures what the gateway adds to a provider's own time: the same payment is created at the simulator
 * directly and through `create-payment`, one after the other, both warm and both open loop at `rate` a second
 * (200 by default). Then come signed callbacks of these payments, open loop at the same rate, and closed loop
 * as fast as possible.
 */
export async function benchGateway({ seconds, rate }: { seconds: number; rate: number }) {
  const folder = mkdtempSync(join(tmpdir(), "onegate-bench-simulator-"));
  const server = await startBenchServer(4);
  const simulator = await startSimulatorProcess({ host: "127.0.0.1", port: 0, data: folder });
  const program = fork(PROGRAM, [JSON.stringify(server.cluster.connection), `${simulator.url}/api-sandbox`], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  try {
    const [url] = (await once(program, "message")) as [string];
    const gateway = createSender(url, CONNECTIONS);
    const provider = createSender(simulator.url, CONNECTIONS);
    const count = rate * seconds;
    const paid: Array<{
      reference: string;
      merchantRef: string;
      total: number;
      fee: number;
      received: number;
    }> = [];
    const item = [{ name: "Barang", price: RUPIAH, quantity: 1 }];

    const createDirectly = async (n: number) => {
      const merchantRef = `DIRECT-${process.pid}-${n}`;
      const { status } = await provider.send(
        "/api-sandbox/transaction/create",
        JSON.stringify({
          method: "QRIS2",
          merchant_ref: merchantRef,
          amount: RUPIAH,
          customer_name: "Pelanggan",
          customer_email: "pelanggan@contoh.invalid",
          order_items: item,
          signature: hmac(`${SANDBOX_TRIPAY.merchantCode}${merchantRef}${RUPIAH}`),
        }),
        { authorization: `Bearer ${SANDBOX_TRIPAY.apiKey}` },
      );
      if (status !== 200) throw new Error(`the simulator answered ${status}`);
    };
    const place = async (n: number) => {
      const { status, body } = await gateway.send(
        "/api/v1/payment/create-transaction",
        JSON.stringify({
          order_id: `BENCH-${n}`,
          amount: RUPIAH,
          customer_name: "Pelanggan",
          customer_email: "pelanggan@contoh.invalid",
          order_items: item,
        }),
      );
      if (status !== 201) throw new Error(`create-transaction answered ${status}: ${body}`);
    };
    const create = async (n: number) => {
      const { status, body } = await gateway.send(
        "/api/v1/payment/create-payment",
        JSON.stringify({ order_id: `BENCH-${n}`, method: "QRIS2" }),
      );
      if (status !== 201) throw new Error(`create-payment answered ${status}: ${body}`);
      const { payment } = (
        JSON.parse(body) as {
          data: {
            payment: {
              payment_id: string;
              reference: string;
              amount: number;
              fee_merchant: number;
              amount_received: number;
            };
          };
        }
      ).data;
      paid.push({
        reference: payment.reference,
        merchantRef: `OG${payment.payment_id.replaceAll("-", "")}`,
        total: payment.amount,
        fee: payment.fee_merchant,
        received: payment.amount_received,
      });
    };
    const callBack = async (n: number) => {
      const payment = paid[n];
      if (!payment) throw new Error("there are fewer payments than callbacks");
      const body = JSON.stringify({
        reference: payment.reference,
        merchant_ref: payment.merchantRef,
        payment_method: "QRIS",
        payment_method_code: "QRIS2",
        total_amount: payment.total,
        fee_merchant: payment.fee,
        fee_customer: 0,
        total_fee: payment.fee,
        amount_received: payment.received,
        is_closed_payment: 1,
        status: "PAID",
        paid_at: Math.floor(Date.now() / 1000),
        note: null,
      });
      const { status, body: answer } = await gateway.send("/api/v1/providers/tripay/notifications", body, {
        "x-callback-signature": hmac(body),
        "x-callback-event": "payment_status",
      });
      if (status !== 200) throw new Error(`a callback was answered ${status}: ${answer}`);
    };

    await closedLoop(CALLERS, 3 * count + WARM_UP, place);
    await closedLoop(CALLERS, WARM_UP, (n) => createDirectly(-1 - n));
    const direct = await openLoop(rate, count, createDirectly);
    await closedLoop(CALLERS, WARM_UP, (n) => create(3 * count + n));
    const through = await openLoop(rate, count, create);
    // more payments for the callbacks, as fast as possible
    await closedLoop(CALLERS, 2 * count, (n) => create(count + n));
    const callbacks = await openLoop(rate, count, callBack);
    const callbacksPerSecond = await closedLoop(CALLERS, 2 * count, (n) => callBack(count + n));
    gateway.close();
    provider.close();
    const books = await checkBooks(server.database);
    program.send("stop");
    await once(program, "exit");
    const add = (part: number) =>
      Math.round((percentile(through, part) - percentile(direct, part)) * 100) / 100;
    return {
      bench: "gateway",
      requests_per_second: rate,
      overhead_p50_ms: add(0.5),
      overhead_p99_ms: add(0.99),
      provider_p50_ms: percentile(direct, 0.5),
      provider_p99_ms: percentile(direct, 0.99),
      create_p50_ms: percentile(through, 0.5),
      create_p99_ms: percentile(through, 0.99),
      callback_p50_ms: percentile(callbacks, 0.5),
      callback_p99_ms: percentile(callbacks, 0.99),
      callbacks_per_second: Math.round(callbacksPerSecond),
      books,
    };
  } finally {
    if (program.exitCode === null) program.kill("SIGKILL");
    await simulator.stop();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
