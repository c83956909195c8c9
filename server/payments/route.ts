import { IDR, isRefusal, refuse, toLocalMobile, type Id, type Money, type Refusal } from "@onegate/contract";
import type { Executor } from "../kernel/index.ts";
import type { Fee } from "../providers/index.ts";
import { listChannels, type OfferedChannel } from "./channels.ts";
import type { Payments } from "./context.ts";
import { methodOf, type Candidate } from "./payment.ts";
import { selectRouting } from "./store.ts";

/**
 * Which of a provider's QRIS channels is used when a till requests QRIS: the one whose codes live longest
 * comes first.
 */
const QRIS_CHANNELS = ["QRIS2", "QRISC", "QRIS"];

/** A channel to try, with the values it is ranked by. */
type Option = {
  readonly channel: OfferedChannel;
  readonly fee: bigint;
  readonly ruled: number;
  readonly listed: number;
};

/**
 * The channels to try for a payment, best first: healthy providers, then what a routing rule of the merchant
 * names (by method, amount and time of day), then the lowest fee, then the order of registration. Refuses, in
 * this order, what `listChannels` refuses, `provider_missing` or `channel_unknown` if no channel matches,
 * `qris_surcharge_forbidden` or `channel_inactive` if none is active, `amount_below_minimum` or
 * `amount_above_maximum` if the amount is outside the limits of all, `amount_not_whole`, and `phone_needed`.
 * The last applies only if `phone` is given (null: the payer has no number).
 */
export async function routesFor(
  payments: Payments,
  executor: Executor,
  merchantId: Id,
  code: string,
  amount: Money,
  phone?: string | null,
): Promise<OfferedChannel[] | Refusal> {
  const all = await listChannels(payments, merchantId);
  if (isRefusal(all)) return all;
  const named = bestOfEach(
    all.filter((channel) => (code === "QRIS" ? methodOf(channel) === "QRIS" : channel.code === code)),
  );
  if (named.length === 0)
    return refuse(all.every(({ isOurs }) => isOurs) ? "provider_missing" : "channel_unknown");
  const active = named.filter((channel) => channel.active);
  if (active.length === 0)
    return refuse(
      payments.refusesSurcharges && named.some(({ surcharges }) => surcharges)
        ? "qris_surcharge_forbidden"
        : "channel_inactive",
    );
  const fitting = active.filter(
    ({ minimumAmount, maximumAmount }) =>
      amount.minor >= minimumAmount.minor && amount.minor <= maximumAmount.minor,
  );
  if (fitting.length === 0) return refuseAmount(active, amount);
  const whole = isWhole(amount) ? fitting : fitting.filter(({ takesSen }) => takesSen);
  if (whole.length === 0) return refuse("amount_not_whole");
  const payable =
    phone === undefined || toLocalMobile(phone) !== undefined
      ? whole
      : whole.filter(({ needsPhone }) => !needsPhone);
  if (payable.length === 0) return refuse("phone_needed");

  const names = [...new Set(all.map(({ provider }) => provider))];
  const ruled =
    payable.length > 1 ? await selectRouting(executor, merchantId, methodOf(payable[0]!), amount.minor) : [];
  const options = payable.map((channel): Option => {
    const position = ruled.indexOf(channel.provider);
    return {
      channel,
      fee: feeOf(channel.totalFee, amount, channel.minimumFee, channel.maximumFee),
      ruled: position === -1 ? ruled.length : position,
      listed: names.indexOf(channel.provider),
    };
  });
  return options
    .sort(
      (a, b) =>
        Number(b.channel.isWell) - Number(a.channel.isWell) ||
        a.ruled - b.ruled ||
        compare(a.fee, b.fee) ||
        a.listed - b.listed,
    )
    .map(({ channel }) => channel);
}

/** For each provider, the channel to try first. */
function bestOfEach(channels: readonly OfferedChannel[]): OfferedChannel[] {
  const rank = ({ code }: OfferedChannel) =>
    (QRIS_CHANNELS.indexOf(code) + QRIS_CHANNELS.length + 1) % (QRIS_CHANNELS.length + 1);
  const best = new Map<string, OfferedChannel>();
  for (const channel of channels.toSorted(
    (a, b) => Number(b.active) - Number(a.active) || rank(a) - rank(b),
  )) {
    if (!best.has(channel.provider)) best.set(channel.provider, channel);
  }
  return [...best.values()];
}

const SEN = 100n;

function isWhole({ minor, currency }: Money): boolean {
  return currency !== IDR || minor % SEN === 0n;
}

function refuseAmount(channels: readonly OfferedChannel[], amount: Money): Refusal {
  const min = channels.reduce(
    (low, { minimumAmount }) => (minimumAmount.minor < low ? minimumAmount.minor : low),
    channels[0]!.minimumAmount.minor,
  );
  if (amount.minor < min) return refuse("amount_below_minimum", { minimum: min.toString() });
  const max = channels.reduce(
    (high, { maximumAmount }) => (maximumAmount.minor > high ? maximumAmount.minor : high),
    0n,
  );
  return refuse("amount_above_maximum", { maximum: max.toString() });
}

/**
 * The total fee of a payment in minor units, rounded up. It serves to compare channels; the fee that is
 * booked is the one the provider reports.
 */
export function feeOf(
  { flat, percentBasisPoints }: Fee,
  amount: Money,
  min: Money | null,
  max: Money | null,
): bigint {
  const fee = flat.minor + (amount.minor * BigInt(percentBasisPoints) + 9_999n) / 10_000n;
  if (min && fee < min.minor) return min.minor;
  return max && max.minor > 0n && fee > max.minor ? max.minor : fee;
}

/** Why each channel was chosen or not; stored with the payment. */
export function explain(
  routes: readonly OfferedChannel[],
  chosen: OfferedChannel,
  amount: Money,
): Candidate[] {
  return routes.map((channel, index) => ({
    provider: channel.provider,
    channel: channel.code,
    fee: feeOf(channel.totalFee, amount, channel.minimumFee, channel.maximumFee).toString(),
    chosen: channel === chosen,
    why:
      channel === chosen
        ? index === 0
          ? "first by rule, health and cost"
          : "the ones before it could not be reached"
        : channel.isWell
          ? "behind the chosen one by rule or cost"
          : "not well: it failed several times in a row",
  }));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
