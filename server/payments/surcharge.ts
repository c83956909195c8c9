import type { Channel, Fee, Opened } from "../providers/index.ts";
import { methodOf } from "./payment.ts";

/**
 * A shop may not charge its customer for paying by QRIS (Bank Indonesia: PBI 23/6/PBI/2021, Article 52(1)). Providers that let
 * a merchant pass their fee on do so for any channel.
 */
export const SURCHARGE_WARNING = "qris_surcharge_forbidden";

/** Whether the customer would pay a fee of the channel for QRIS. */
export function surcharges(channel: Pick<Channel, "code" | "group" | "feeCustomer">): boolean {
  return methodOf(channel) === "QRIS" && isAboveZero(channel.feeCustomer);
}

/** The same of a payment as it was opened: the provider's list may be older than its settings. */
export function surchargesOpened(method: string, { feeCustomer }: Pick<Opened, "feeCustomer">): boolean {
  return method === "QRIS" && feeCustomer.minor > 0n;
}

function isAboveZero({ flat, percentBasisPoints }: Fee): boolean {
  return flat.minor > 0n || percentBasisPoints > 0;
}
