import { isRefusal, money, refuse, type Id, type Money, type Refusal } from "@onegate/contract";
import type { ChannelFees, Provider } from "../providers/index.ts";
import { listChannels, type OfferedChannel } from "./channels.ts";
import type { Payments } from "./context.ts";
import { feeOf, routesFor } from "./route.ts";

/**
 * The fees of a payment of an amount, for each channel or for one, at the provider that the payment would be
 * routed to. They come from the provider's own calculator if it has one, otherwise from the channel's fees,
 * rounded up. The fee that is booked is the one the provider reports with the payment. Refuses
 * `channel_unknown`.
 */
export async function calculateFees(
  payments: Payments,
  merchantId: Id,
  amount: Money,
  code?: string,
): Promise<ChannelFees[] | Refusal> {
  const all = await listChannels(payments, merchantId);
  if (isRefusal(all)) return all;
  const offered = all.filter((channel) => channel.active && (code === undefined || channel.code === code));
  if (offered.length === 0) return refuse("channel_unknown");
  const chosen = await Promise.all(
    [...Map.groupBy(offered, (channel) => channel.code).values()].map(async (channels) =>
      choose(payments, merchantId, amount, channels),
    ),
  );
  const byProvider = Map.groupBy(chosen, ({ provider }) => provider);
  const fees = await Promise.all(
    [...byProvider].map(async ([name, channels]) =>
      feesAt((await payments.providers.find(name, channels[0]!.accountId))?.provider, channels, amount, code),
    ),
  );
  return fees.flat();
}

/**
 * Among channels of the same code, the one that a payment of the amount would be routed to; the first one if
 * the amount is outside their limits.
 */
async function choose(
  payments: Payments,
  merchantId: Id,
  amount: Money,
  channels: readonly OfferedChannel[],
): Promise<OfferedChannel> {
  const first = channels[0]!;
  const routes =
    channels.length > 1
      ? await routesFor(payments, payments.database.kysely, merchantId, first.code, amount)
      : [first];
  // QRIS is both a channel's code and the name for any QRIS channel
  return isRefusal(routes) ? first : (routes.find(({ code }) => code === first.code) ?? first);
}

async function feesAt(
  provider: Provider | undefined,
  offered: readonly OfferedChannel[],
  amount: Money,
  code: string | undefined,
): Promise<ChannelFees[]> {
  const calculated = offered.map((channel) => calculateFee(channel, amount));
  const quoted = await provider?.fees?.(amount, code).catch(() => refuse("provider_unreachable"));
  if (quoted === undefined || isRefusal(quoted)) return calculated;
  const byCode = new Map(quoted.map((fee) => [fee.code, fee]));
  return calculated.map((fee) => byCode.get(fee.code) ?? fee);
}

function calculateFee(channel: OfferedChannel, amount: Money): ChannelFees {
  const { code, name, totalFee, feeCustomer, minimumFee, maximumFee } = channel;
  const total = feeOf(totalFee, amount, minimumFee, maximumFee);
  const isCustomers = feeCustomer.flat.minor > 0n || feeCustomer.percentBasisPoints > 0;
  const customer = isCustomers ? feeOf(feeCustomer, amount, minimumFee, maximumFee) : 0n;
  const nonNegative = (minor: bigint) => money(minor > 0n ? minor : 0n, amount.currency);
  return {
    code,
    name,
    fee: totalFee,
    least: minimumFee,
    most: maximumFee,
    merchant: nonNegative(total - customer),
    customer: nonNegative(customer),
  };
}
