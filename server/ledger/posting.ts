import type { Id, Money } from "@onegate/contract";
import { derivedAt } from "../kernel/index.ts";
import type { Transfer } from "./item.ts";

type Leg = {
  readonly kind: string;
  readonly debit: string;
  readonly credit: string;
  readonly amount: string;
};

/**
 * What is booked when money moves, as data. Each leg debits one account and credits another with one amount,
 * so no posting can change the sum of the books. The names are the roles of accounts and amounts.
 */
export const postings = {
  /** A provider collected: it owes us the amount, less its fee. */
  collect: [
    { kind: "collect", debit: "clearing", credit: "to", amount: "gross" },
    { kind: "fee", debit: "fees", credit: "clearing", amount: "fee" },
  ],
  /** Money went back to a payer: a provider paid it and owes us less, or it was paid from the bank. */
  refund: [{ kind: "refund", debit: "from", credit: "giver", amount: "refunded" }],
  /** A provider takes back what it collected and owes us less. What exceeds the payment goes to suspense. */
  dispute: [
    { kind: "dispute", debit: "disputed", credit: "clearing", amount: "disputed" },
    { kind: "dispute_beyond", debit: "suspense", credit: "clearing", amount: "beyond" },
  ],
  /** The dispute is won: the provider owes the money again. */
  dispute_won: [
    { kind: "dispute_won", debit: "clearing", credit: "disputed", amount: "disputed" },
    { kind: "dispute_won_beyond", debit: "clearing", credit: "suspense", amount: "beyond" },
  ],
  /**
   * The dispute is lost. `bearer` is losses, or suspense for money that was never ours. What the provider
   * charges is a fee.
   */
  dispute_lost: [
    { kind: "dispute_lost", debit: "bearer", credit: "disputed", amount: "disputed" },
    { kind: "dispute_lost_beyond", debit: "losses", credit: "suspense", amount: "beyond" },
    { kind: "fee", debit: "fees", credit: "clearing", amount: "fee" },
  ],
  /** Money in suspense is matched to an order. */
  apply: [{ kind: "apply", debit: "suspense", credit: "received", amount: "applied" }],
  /** A sale takes back revenue, tax and cash rounding, before the money received for it is refunded. */
  sale_return: [
    { kind: "sale_return", debit: "sales", credit: "received", amount: "revenue" },
    { kind: "tax_return", debit: "tax", credit: "received", amount: "tax" },
    { kind: "rounded_down_return", debit: "sales", credit: "rounding", amount: "roundedDown" },
    { kind: "rounded_up_return", debit: "rounding", credit: "received", amount: "roundedUp" },
  ],
  /** A user's top-up was collected: the money is now the user's. */
  topup: [{ kind: "topup", debit: "received", credit: "wallet", amount: "topped" }],
  /**
   * A provider takes a top-up back. The user's money is used first; what the user has already spent is
   * missing.
   */
  topup_return: [
    { kind: "topup_return", debit: "wallet", credit: "received", amount: "returned" },
    { kind: "topup_missing", debit: "suspense", credit: "received", amount: "missing" },
  ],
  /** A user sends money to another. */
  send: [{ kind: "transfer", debit: "sender", credit: "recipient", amount: "sent" }],
  /** A user pays; `pay_back` refunds a part of it. */
  pay: [{ kind: "payment", debit: "payer", credit: "payee", amount: "paid" }],
  pay_back: [{ kind: "refund", debit: "payee", credit: "payer", amount: "givenBack" }],
  /** Cash goes into the drawer. */
  cash: [{ kind: "collect", debit: "drawer", credit: "received", amount: "cash" }],
  /** A cashier says that a customer paid to the shop's printed code. */
  collect_unverified: [{ kind: "collect", debit: "unverified", credit: "to", amount: "gross" }],
  /** A statement or a person confirms the payment: the acquirer owes the amount, less its fee. */
  verify: [
    { kind: "verify", debit: "clearing", credit: "from", amount: "gross" },
    { kind: "fee", debit: "fees", credit: "clearing", amount: "fee" },
  ],
  /** No statement ever showed it. */
  lose: [{ kind: "lose", debit: "losses", credit: "unverified", amount: "lost" }],
  /** What was received becomes revenue and tax. Cash rounding is kept apart, so that revenue is the price. */
  sale: [
    { kind: "sale", debit: "received", credit: "sales", amount: "revenue" },
    { kind: "tax", debit: "received", credit: "tax", amount: "tax" },
    { kind: "rounded_down", debit: "rounding", credit: "sales", amount: "roundedDown" },
    { kind: "rounded_up", debit: "received", credit: "rounding", amount: "roundedUp" },
  ],
  /** A provider pays out what it owes, or takes back an overpayment. */
  settle: [
    { kind: "settle", debit: "bank", credit: "clearing", amount: "paidOut" },
    { kind: "settle_back", debit: "clearing", credit: "bank", amount: "takenBack" },
  ],
  /**
   * A statement differs from our books. The fee becomes what the provider kept; what remains unexplained goes
   * to suspense.
   */
  difference: [
    { kind: "paid_more", debit: "clearing", credit: "suspense", amount: "paidMore" },
    { kind: "paid_less", debit: "suspense", credit: "clearing", amount: "paidLess" },
    { kind: "fee_more", debit: "fees", credit: "clearing", amount: "feeMore" },
    { kind: "fee_less", debit: "clearing", credit: "fees", amount: "feeLess" },
  ],
  /** Money in suspense is refunded by hand, from the bank. */
  give_back: [{ kind: "give_back", debit: "suspense", credit: "bank", amount: "givenBack" }],
  /**
   * Money of one currency becomes money of another, through one liquidity account per currency. The spread is
   * a leg of its own.
   */
  exchange: [
    { kind: "exchange_in", debit: "source", credit: "liquidityIn", amount: "sold" },
    { kind: "exchange_out", debit: "liquidityOut", credit: "destination", amount: "bought" },
    { kind: "spread", debit: "liquidityIn", credit: "revenue", amount: "spread" },
  ],
} as const satisfies Record<string, readonly Leg[]>;

export type Posting = keyof typeof postings;
type LegOf<P extends Posting> = (typeof postings)[P][number];

/**
 * The transfers of a posting about `base` (a payment, a sale). Repeating the posting gives the same ids. Legs
 * of zero are left out.
 */
export function transfersOf<P extends Posting>(
  posting: P,
  merchantId: Id,
  base: string,
  accounts: Readonly<Record<LegOf<P>["debit"] | LegOf<P>["credit"], Id>>,
  amounts: Readonly<Record<LegOf<P>["amount"], Money>>,
  about: Pick<Transfer, "reference" | "details"> = {},
): Array<Omit<Transfer, "op">> {
  const [byRole, byName]: [Readonly<Record<string, Id>>, Readonly<Record<string, Money>>] = [
    accounts,
    amounts,
  ];
  return postings[posting].flatMap(({ kind, debit, credit, amount }) => {
    const [from, to, sum] = [byRole[debit], byRole[credit], byName[amount]];
    if (!from || !to || !sum)
      throw new Error(`the posting ${posting} lacks ${debit}, ${credit} or ${amount}`);
    return sum.minor === 0n
      ? []
      : [{ id: derivedAt(base, kind, merchantId), kind, debit: from, credit: to, amount: sum, ...about }];
  });
}
