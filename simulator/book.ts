import type { Delivery } from "./delivery.ts";
import { memoryOnly, openJournal, type Entry, type Journal } from "./journal.ts";
import type { Transaction } from "./transaction.ts";

/** The simulator's state: transactions, callbacks, settings, and the shift of its clock. */
export class Book {
  readonly #transactions = new Map<string, Transaction>();
  readonly #deliveries = new Map<string, Delivery>();
  readonly #byMerchantRef = new Map<string, string>();
  readonly #unpaid = new Map<string, Transaction>();
  readonly #waiting = new Map<string, Delivery>();
  readonly #settings = new Map<string, string>();
  readonly #journal: Journal;
  #lastSequence = 0;
  #shiftMs = 0;

  constructor(path: string | undefined) {
    this.#journal = path === undefined ? memoryOnly : openJournal(path, (entry) => this.#apply(entry));
  }

  /** Writes changes to the journal in one piece, then applies them. */
  record(...entries: Entry[]): void {
    this.#journal.append(...entries);
    for (const entry of entries) this.#apply(entry);
  }

  transaction(reference: string): Transaction | undefined {
    return this.#transactions.get(reference);
  }

  /** The latest transaction that a merchant created with its own reference. */
  transactionOf(provider: string, merchantCode: string, merchantRef: string): Transaction | undefined {
    return this.transaction(this.#byMerchantRef.get(keyOf({ provider, merchantCode, merchantRef })) ?? "");
  }

  /** In order of creation. */
  transactions(): Transaction[] {
    return [...this.#transactions.values()];
  }

  unpaid(): Transaction[] {
    return [...this.#unpaid.values()];
  }

  deliveriesOf(reference: string): Delivery[] {
    return [...this.#deliveries.values()].filter((delivery) => delivery.reference === reference);
  }

  waiting(): Delivery[] {
    return [...this.#waiting.values()];
  }

  /** A value that a provider keeps beside its transactions, by name. */
  setting(name: string): string | undefined {
    return this.#settings.get(name);
  }

  get deliveryCount(): number {
    return this.#deliveries.size;
  }

  get nextSequence(): number {
    return this.#lastSequence + 1;
  }

  get shiftMs(): number {
    return this.#shiftMs;
  }

  close(): void {
    this.#journal.close();
  }

  #apply(entry: Entry): void {
    switch (entry.kind) {
      case "transaction": {
        const { transaction } = entry;
        if (!this.#transactions.has(transaction.reference))
          this.#byMerchantRef.set(keyOf(transaction), transaction.reference);
        this.#transactions.set(transaction.reference, transaction);
        this.#lastSequence = Math.max(this.#lastSequence, transaction.sequence);
        if (transaction.status === "UNPAID") this.#unpaid.set(transaction.reference, transaction);
        else this.#unpaid.delete(transaction.reference);
        break;
      }
      case "delivery": {
        const { delivery } = entry;
        this.#deliveries.set(delivery.id, delivery);
        if (delivery.state === "waiting") this.#waiting.set(delivery.id, delivery);
        else this.#waiting.delete(delivery.id);
        break;
      }
      case "setting":
        this.#settings.set(entry.name, entry.value);
        break;
      case "clock":
        this.#shiftMs = entry.shiftMs;
    }
  }
}

function keyOf({
  provider,
  merchantCode,
  merchantRef,
}: Pick<Transaction, "provider" | "merchantCode" | "merchantRef">): string {
  return JSON.stringify([provider, merchantCode, merchantRef]);
}
