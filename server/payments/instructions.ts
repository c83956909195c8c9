import { isRefusal, refuse, toNumber, type Id, type Money, type Refusal } from "@onegate/contract";
import type { Instruction, Provider } from "../providers/index.ts";
import { listChannels, type OfferedChannel } from "./channels.ts";
import type { Payments } from "./context.ts";
import { methodOf, type Payment } from "./payment.ts";

const FRESH_MS = 3_600_000;
/** How long the default steps are used after a provider failed to answer. */
const RETRY_MS = 60_000;
const cache = new WeakMap<Provider, Map<string, { until: number; instructions: readonly Instruction[] }>>();

/** Default steps by method, for providers that have none. `{{pay_code}}` and `{{amount}}` are filled in. */
const DEFAULT_STEPS: Readonly<Record<string, readonly string[]>> = {
  QRIS: [
    "Buka aplikasi bank atau dompet elektronik Anda",
    "Pindai kode QR",
    "Periksa nama toko dan jumlah {{amount}}, lalu bayar",
  ],
  EWALLET: ["Buka tautan pembayaran", "Setujui pembayaran {{amount}} di aplikasi"],
  VIRTUAL_ACCOUNT: [
    "Pilih menu Virtual Account di aplikasi bank atau ATM",
    "Masukkan nomor {{pay_code}}",
    "Periksa jumlah {{amount}}, lalu bayar",
  ],
  STORE: ["Sebutkan kode bayar {{pay_code}} kepada kasir", "Bayar {{amount}}"],
  WALLET: [
    "Buka dompet Onegate Anda",
    "Pindai kode QR atau masukkan kode {{pay_code}}",
    "Periksa jumlah {{amount}}, lalu bayar",
  ],
};

/** How the payer pays a payment, step by step, as plain text without markup. */
export async function instructionsFor(payments: Payments, payment: Payment): Promise<readonly Instruction[]> {
  const { channel, method, payCode } = payment;
  const account = await payments.providers.find(payment.provider, payment.accountId);
  const raw = account
    ? await rawInstructions(payments, account.provider, {
        code: channel,
        method,
        name: payment.channelName ?? channel,
      })
    : [];
  return filled(raw, payCode, { ...payment.amount, minor: payment.payerAmount ?? payment.amount.minor });
}

/**
 * Instructions for a channel before a payment exists. Values that are not known yet stay as placeholders.
 * Refuses `channel_unknown`, and what `listChannels` refuses.
 */
export async function readInstructions(
  payments: Payments,
  merchantId: Id,
  code: string,
  payCode: string | null,
  amount: Money | null,
): Promise<readonly Instruction[] | Refusal> {
  const channels = await listChannels(payments, merchantId);
  if (isRefusal(channels)) return channels;
  const channel: OfferedChannel | undefined = channels.find((each) => each.code === code);
  const account = channel && (await payments.providers.find(channel.provider, channel.accountId));
  if (!channel || !account) return refuse("channel_unknown");
  return filled(
    await rawInstructions(payments, account.provider, {
      code,
      method: methodOf(channel),
      name: channel.name,
    }),
    payCode,
    amount,
  );
}

async function rawInstructions(
  payments: Payments,
  provider: Provider,
  { code, method, name }: { code: string; method: string; name: string },
): Promise<readonly Instruction[]> {
  const ofProvider =
    cache.get(provider) ?? new Map<string, { until: number; instructions: readonly Instruction[] }>();
  cache.set(provider, ofProvider);
  const cached = ofProvider.get(code);
  const now = payments.clock.now();
  if (cached && now < cached.until) return cached.instructions;
  const answer = await provider.instructions?.(code).catch(() => refuse("provider_unreachable"));
  const isAnswered = answer !== undefined && !isRefusal(answer);
  const instructions = isAnswered
    ? answer
    : (cached?.instructions ?? [{ title: name, steps: DEFAULT_STEPS[method] ?? [] }]);
  ofProvider.set(code, {
    until: now + (isAnswered || !provider.instructions ? FRESH_MS : RETRY_MS),
    instructions,
  });
  return instructions;
}

function filled(raw: readonly Instruction[], payCode: string | null, amount: Money | null): Instruction[] {
  const fill = (step: string) => {
    const withCode = payCode === null ? step : step.replaceAll("{{pay_code}}", payCode);
    return amount === null
      ? withCode
      : withCode.replaceAll("{{amount}}", `Rp ${toNumber(amount).toLocaleString("id-ID")}`);
  };
  return raw.map(({ title, steps }) => ({ title, steps: steps.map(fill) }));
}
