import { isRefusal, money, refuse, type Id, type Money, type Refusal } from "@onegate/contract";
import type { ChannelFees, Provider } from "../providers/index.ts";
import { listChannels, type OfferedChannel } from "./channels.ts";
import type { Payments } from "./context.ts";
import { feeOf, routesFor } from "./route.ts";

/**
 * What a payment of a sum would cost by each channel, or by one, at the provider that it would go to: by the provider's own
 * calculator where it has one, else reckoned from the channel's fees and rounded up. What is booked is what the provider
 * says with the payment. Refuses `channel_unknown`.
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
  const told = await Promise.all(
    [...byProvider].map(async ([name, channels]) =>
      toldBy((await payments.providers.find(name, channels[0]!.accountId))?.provider, channels, amount, code),
    ),
  );
  return told.flat();
}

/** Of several providers' channels of one name the one that a payment of the sum would go to; outside their limits the first. */
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
  // QRIS is the name of a channel, and of any channel that takes QRIS
  return isRefusal(routes) ? first : (routes.find(({ code }) => code === first.code) ?? first);
}

async function toldBy(
  provider: Provider | undefined,
  offered: readonly OfferedChannel[],
  amount: Money,
  code: string | undefined,
): Promise<ChannelFees[]> {
  const own = offered.map((channel) => reckon(channel, amount));
  const told = await provider?.fees?.(amount, code).catch(() => refuse("provider_unreachable"));
  if (told === undefined || isRefusal(told)) return own;
  const byCode = new Map(told.map((one) => [one.code, one]));
  return own.map((one) => byCode.get(one.code) ?? one);
}

function reckon(channel: OfferedChannel, amount: Money): ChannelFees {
  const { code, name, totalFee, feeCustomer, minimumFee, maximumFee } = channel;
  const all = feeOf(totalFee, amount, minimumFee, maximumFee);
  const isCustomers = feeCustomer.flat.minor > 0n || feeCustomer.percentBasisPoints > 0;
  const customer = isCustomers ? feeOf(feeCustomer, amount, minimumFee, maximumFee) : 0n;
  const sum = (minor: bigint) => money(minor > 0n ? minor : 0n, amount.currency);
  return {
    code,
    name,
    fee: totalFee,
    least: minimumFee,
    most: maximumFee,
    merchant: sum(all - customer),
    customer: sum(customer),
  };
}
