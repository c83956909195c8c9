import type { Delivery } from "./delivery.ts";
import type { Entry } from "./journal.ts";
import type { Transaction } from "./transaction.ts";

type OlderTransaction = Omit<Transaction, "provider" | "channelName" | "refunds" | "own"> &
  Readonly<Record<"customer" | "items" | "note", unknown>>;
type OlderDelivery = Omit<Delivery, "provider" | "headers"> & Readonly<Record<"event" | "signature", string>>;

/**
 * Converts a journal line to the current format. Lines from when Tripay was the only provider have no
 * `provider`.
 */
export function upgraded(line: Entry): Entry {
  if (line.kind === "transaction" && !("provider" in line.transaction)) {
    const { customer, items, note, ...common } = line.transaction as OlderTransaction;
    return {
      kind: "transaction",
      transaction: {
        ...common,
        provider: "tripay",
        channelName: common.channel,
        refunds: [],
        own: { customer, items, note },
      },
    };
  }
  if (line.kind === "delivery" && !("provider" in line.delivery)) {
    const { event, signature, ...common } = line.delivery as OlderDelivery;
    return {
      kind: "delivery",
      delivery: {
        ...common,
        provider: "tripay",
        headers: { "x-callback-event": event, "x-callback-signature": signature },
      },
    };
  }
  return line;
}
