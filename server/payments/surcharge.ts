import type { Channel, Fee, Opened } from "../providers/index.ts";
import { methodOf } from "./payment.ts";

/**
 * A shop may not charge its customer a fee for paying by QRIS (Bank Indonesia: PBI 23/6/PBI/2021, Article
 * 52(1)). Providers that let a merchant pass their fee on allow it for every channel.
 */
export const SURCHARGE_WARNING = "qris_surcharge_forbidden";

/** Whether this is a QRIS channel whose fee the customer would pay. */
export function surcharges(channel: Pick<Channel, "code" | "group" | "feeCustomer">): boolean {
  return methodOf(channel) === "QRIS" && isAboveZero(channel.feeCustomer);
}

/**
 * As `surcharges`, for a payment as it was opened: the cached list of channels may be older than the
 * provider's settings.
 */
export function surchargesOpened(method: string, { feeCustomer }: Pick<Opened, "feeCustomer">): boolean {
  return method === "QRIS" && feeCustomer.minor > 0n;
}

function isAboveZero({ flat, percentBasisPoints }: Fee): boolean {
  return flat.minor > 0n || percentBasisPoints > 0;
}
