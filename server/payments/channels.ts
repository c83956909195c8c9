import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import type { Channel, Provider } from "../providers/index.ts";
import type { Payments } from "./context.ts";
import { surcharges } from "./surcharge.ts";

export type OfferedChannel = Channel & {
  readonly provider: string;
  readonly accountId: Id | null;
  /** Whether its provider has answered recently. */
  readonly isWell: boolean;
  readonly isOurs: boolean;
  readonly takesSen: boolean;
  /** Whether the customer would pay a fee for QRIS. */
  readonly surcharges: boolean;
};

const FRESH_MS = 60_000;
const cached = new WeakMap<Provider, { at: number; channels: readonly Channel[] }>();

/**
 * A merchant's channels at all its providers. If a provider can't be reached, its last list is used. Where
 * surcharges are refused, a QRIS channel whose fee the customer would pay is inactive. Refuses
 * `provider_missing`; if there is no channel at all, a provider's own refusal or `channel_unknown`.
 */
export async function listChannels(payments: Payments, merchantId: Id): Promise<OfferedChannel[] | Refusal> {
  const accounts = await payments.providers.offeredTo(merchantId);
  if (accounts.length === 0) return refuse("provider_missing");
  const lists = await Promise.all(
    accounts.map(async (account) => ({ ...account, channels: await channelsOf(payments, account.provider) })),
  );
  const refusal = lists.map(({ channels }) => channels).find(isRefusal);
  const known = lists.flatMap(({ provider, accountId, channels }) => {
    const isWell = provider.isWell?.() ?? true;
    return isRefusal(channels)
      ? []
      : channels.map((channel) => ({
          ...channel,
          active: channel.active && !(payments.refusesSurcharges && surcharges(channel)),
          provider: provider.name,
          accountId,
          isWell,
          isOurs: provider.isOurs ?? false,
          takesSen: provider.takesSen ?? false,
          surcharges: surcharges(channel),
        }));
  });
  return known.length === 0 ? (refusal ?? refuse("channel_unknown")) : known;
}

async function channelsOf(payments: Payments, provider: Provider): Promise<readonly Channel[] | Refusal> {
  const known = cached.get(provider);
  if (known && payments.clock.now() - known.at < FRESH_MS) return known.channels;
  const channels = await provider.channels();
  if (isRefusal(channels)) return known?.channels ?? channels;
  cached.set(provider, { at: payments.clock.now(), channels });
  const forbidden = channels.filter(surcharges).map(({ code }) => code);
  if (forbidden.length > 0)
    payments.log.warn(
      { provider: provider.name, channels: forbidden, off: payments.refusesSurcharges },
      "the customer would pay a fee for QRIS, which is forbidden: " +
        "set the merchant as the fee payer in the provider's settings",
    );
  return channels;
}
