import { isRefusal, refuse, type Money, type Refusal } from "@onegate/contract";
import type { Channel, Provider } from "../providers/index.ts";
import type { Payments } from "./context.ts";

export type OfferedChannel = Channel & { readonly provider: string };

const FRESH_MS = 60_000;
const cached = new WeakMap<Provider, { at: number; channels: readonly Channel[] }>();

/** The channels of all providers; a provider that can't be reached keeps its last list. */
export async function listChannels(payments: Payments): Promise<OfferedChannel[] | Refusal> {
  const lists = await Promise.all([...payments.providers.values()].map(async (provider) => ({ provider, channels: await channelsOf(payments, provider) })));
  const refusal = lists.map(({ channels }) => channels).find(isRefusal);
  const known = lists.flatMap(({ provider, channels }) => (isRefusal(channels) ? [] : channels.map((channel) => ({ ...channel, provider: provider.name }))));
  return known.length === 0 && refusal ? refusal : known;
}

async function channelsOf(payments: Payments, provider: Provider): Promise<readonly Channel[] | Refusal> {
  const known = cached.get(provider);
  if (known && payments.clock.now() - known.at < FRESH_MS) return known.channels;
  const channels = await provider.channels();
  if (isRefusal(channels)) return known?.channels ?? channels;
  cached.set(provider, { at: payments.clock.now(), channels });
  return channels;
}

/** Which of several QRIS channels of a provider is used when a till says just QRIS: the longest-lived first. */
const QRIS_CHANNELS = ["QRIS2", "QRISC", "QRIS"];

/** Finds the channel to use. Refuses `channel_unknown`, `channel_inactive`, and amounts outside its limits. */
export async function chooseChannel(payments: Payments, code: string, amount: Money): Promise<OfferedChannel | Refusal> {
  const channels = await listChannels(payments);
  if (isRefusal(channels)) return channels;
  const codes = code === "QRIS" ? QRIS_CHANNELS : [code];
  const named = channels.filter((channel) => codes.includes(channel.code)).sort((a, b) => codes.indexOf(a.code) - codes.indexOf(b.code));
  if (named.length === 0) return refuse("channel_unknown");
  const channel = named.find(({ active }) => active);
  if (!channel) return refuse("channel_inactive");
  if (amount.minor < channel.minimumAmount.minor) return refuse("amount_below_minimum", { minimum: channel.minimumAmount.minor.toString() });
  if (amount.minor > channel.maximumAmount.minor) return refuse("amount_above_maximum", { maximum: channel.maximumAmount.minor.toString() });
  return channel;
}
