/** A seed worth a name, and why. */
export type NamedSeed = { readonly seed: number; readonly steps: number; readonly shows: string };

/** The default seed. */
export const DEFAULT_SEED = 20_260_105;

/** Seeds by name: what each exercises, or which bug it once showed. */
export const namedSeeds: Readonly<Record<string, NamedSeed>> = {
  "a-monday": { seed: DEFAULT_SEED, steps: 500, shows: "a bit of everything" },
  "failed-then-paid": {
    seed: 101,
    steps: 100,
    shows:
      "a payment fails, its sale is cancelled, and the payer pays all the same: " +
      "once booked nowhere, now in suspense",
  },
  "opened-after-the-end": {
    seed: 105,
    steps: 60,
    shows: "a payment is opened for a cancelled sale: once payable and then booked nowhere, now refused",
  },
  "given-up-in-passing": {
    seed: 102,
    steps: 30,
    shows: "a sale is cancelled while a payment is opened for it",
  },
  "two-persons-decide": {
    seed: 3,
    steps: 100,
    shows:
      "one person says that a refund is done and another that it can't be: " +
      "once both were accepted, now one",
  },
  "given-back-too-early": {
    seed: 5,
    steps: 100,
    shows:
      "a part of a sale is refunded before the last part is paid: " +
      "once its revenue stayed in the books, now it is taken back",
  },
  "paid-again-with-room-left": {
    seed: 23_286,
    steps: 36,
    shows:
      "a part of an order is paid, and its payer pays the same code again: " +
      "once that was never accepted, now it is in suspense as double",
  },
  "refused-then-by-hand": {
    seed: 601,
    steps: 130,
    shows:
      "the provider refuses a refund and a person pays it: " +
      "from the bank, not from what the provider owes",
  },
  "paid-again-1": {
    seed: 49_265_606,
    steps: 2_000,
    shows: "paid-again-with-room-left in a long run, of an order",
  },
  "paid-again-2": { seed: 2_001, steps: 2_000, shows: "paid-again-with-room-left in a long run, of a sale" },
  "by-hand-1": { seed: 1_001, steps: 2_000, shows: "refused-then-by-hand in a long run" },
  "by-hand-2": { seed: 2_002, steps: 2_000, shows: "refused-then-by-hand in another" },
};
