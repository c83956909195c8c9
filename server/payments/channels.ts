import { isRefusal, refuse, type Refusal } from "@onegate/contract";
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
  return known.length === 0 ? (refusal ?? refuse("channel_unknown")) : known;
}

async function channelsOf(payments: Payments, provider: Provider): Promise<readonly Channel[] | Refusal> {
  const known = cached.get(provider);
  if (known && payments.clock.now() - known.at < FRESH_MS) return known.channels;
  const channels = await provider.channels();
  if (isRefusal(channels)) return known?.channels ?? channels;
  cached.set(provider, { at: payments.clock.now(), channels });
  return channels;
}
