import { STATIC_METHOD, type Id, type NewSaleBody } from "@onegate/contract";

/** A line of the cart, with the price and name that the customer was shown. */
export type Line = {
  readonly productId: Id;
  readonly name: string;
  readonly picture: string | null;
  readonly unitPrice: bigint;
  readonly quantity: number;
};
export type Cart = readonly Line[];
export type Product = Omit<Line, "quantity">;

/** The cart has its sale id from the first line on, so repeated sends from any tab make one sale. */
type Selling = { readonly at: "selling"; readonly cart: Cart; readonly saleId?: Id };
/** The customer is choosing how to pay; nothing has left the till yet. */
type Paying = {
  readonly at: "paying";
  readonly cart: Cart;
  readonly saleId: Id;
  /** QRIS was tried, and its provider can't be reached. */
  readonly qrisAway?: boolean;
};
/** The sale was sent and has no answer yet; it is retried under the same id until there is one. */
type Sending = { readonly at: "sending"; readonly cart: Cart; readonly sale: NewSaleBody };
/** The server has the sale and waits for the provider's result. */
type Waiting = { readonly at: "waiting"; readonly cart: Cart; readonly saleId: Id };
/** The shop's printed code is shown; the cashier checks the customer's proof of payment. */
type Static = { readonly at: "static"; readonly cart: Cart; readonly saleId: Id };
type Paid = { readonly at: "paid"; readonly saleId: Id };
export type Open = Selling | Paying | Sending | Waiting | Static | Paid;
/** Locking hides the current state without losing it; unlocking returns to `behind`. */
type Locked = { readonly at: "locked"; readonly behind: Open };
export type Till = Open | Locked;

export type Event =
  | { readonly type: "unlock" }
  | { readonly type: "lock" }
  /** `saleId` is used if the cart has none yet. */
  | { readonly type: "add"; readonly product: Product; readonly saleId: Id }
  | { readonly type: "count"; readonly productId: Id; readonly quantity: number }
  | { readonly type: "empty" }
  | { readonly type: "refill"; readonly cart: Cart; readonly saleId: Id | undefined }
  | { readonly type: "reprice"; readonly prices: ReadonlyMap<Id, bigint> }
  /** `saleId` is used if the cart has none yet. */
  | { readonly type: "pay"; readonly saleId: Id }
  | { readonly type: "back" }
  | { readonly type: "send"; readonly sale: NewSaleBody }
  | { readonly type: "refused"; readonly saleId: Id; readonly qrisAway?: boolean }
  | { readonly type: "accepted" }
  | { readonly type: "static" }
  | { readonly type: "paid"; readonly saleId: Id }
  | { readonly type: "another_way"; readonly saleId: Id }
  | { readonly type: "next_customer" };

const MAX_QUANTITY = 9999;

type Moves = {
  readonly [At in Till["at"]]: {
    readonly [Type in Event["type"]]?: (
      till: Extract<Till, { at: At }>,
      event: Extract<Event, { type: Type }>,
    ) => Till;
  };
};

const lock = (till: Open): Till => ({ at: "locked", behind: till });
const selling = (cart: Cart, saleId?: Id): Selling => ({
  at: "selling",
  cart,
  ...(saleId === undefined ? {} : { saleId }),
});
const paying = (cart: Cart, saleId: Id, qrisAway = false): Till =>
  cart.length === 0
    ? selling(cart, saleId)
    : { at: "paying", cart, saleId, ...(qrisAway ? { qrisAway } : {}) };
const reprice = <Of extends Selling | Paying>(till: Of, prices: ReadonlyMap<Id, bigint>): Of => ({
  ...till,
  cart: till.cart.map((line) => ({ ...line, unitPrice: prices.get(line.productId) ?? line.unitPrice })),
});

/** Every state and its events; an event that is not listed changes nothing. */
const moves: Moves = {
  locked: {
    unlock: (till) => till.behind,
  },
  selling: {
    lock,
    add: (till, { product, saleId }) => selling(added(till.cart, product), till.saleId ?? saleId),
    count: (till, { productId, quantity }) => selling(counted(till.cart, productId, quantity), till.saleId),
    empty: (till) => selling([], till.saleId),
    // a cart that was sold meanwhile is not restored
    refill: (till, { cart, saleId }) => (till.saleId === saleId ? selling(cart, saleId) : till),
    reprice: (till, { prices }) => reprice(till, prices),
    pay: (till, { saleId }) => paying(till.cart, till.saleId ?? saleId),
  },
  paying: {
    lock,
    reprice: (till, { prices }) => reprice(till, prices),
    back: (till) => selling(till.cart, till.saleId),
    send: (till, { sale }) => (sale.id === till.saleId ? { at: "sending", cart: till.cart, sale } : till),
  },
  sending: {
    lock,
    // the id of a refused sale can't be used again; the next attempt is a new sale
    refused: (till, { saleId, qrisAway }) => paying(till.cart, saleId, qrisAway),
    accepted: (till) => ({
      at: till.sale.tender.method === STATIC_METHOD ? "static" : "waiting",
      cart: till.cart,
      saleId: till.sale.id,
    }),
    paid: (till, { saleId }) => (saleId === till.sale.id ? { at: "paid", saleId } : till),
  },
  waiting: {
    lock,
    another_way: (till, { saleId }) => paying(till.cart, saleId),
    static: (till) => ({ at: "static", cart: till.cart, saleId: till.saleId }),
    paid: (till, { saleId }) => (saleId === till.saleId ? { at: "paid", saleId } : till),
  },
  static: {
    lock,
    another_way: (till, { saleId }) => paying(till.cart, saleId, true),
    paid: (till, { saleId }) => (saleId === till.saleId ? { at: "paid", saleId } : till),
  },
  paid: {
    lock,
    next_customer: () => selling([]),
  },
};

export const openOf = (till: Till): Open => (till.at === "locked" ? till.behind : till);

export const closed: Till = { at: "locked", behind: selling([]) };

/** The till after `event`; the same object if the event doesn't apply in this state. */
export function step(till: Till, event: Event): Till {
  const move = moves[till.at][event.type] as ((till: Till, event: Event) => Till) | undefined;
  return move ? move(till, event) : till;
}

function added(cart: Cart, product: Product): Cart {
  const line = cart.find(({ productId }) => productId === product.productId);
  return line ? counted(cart, line.productId, line.quantity + 1) : [...cart, { ...product, quantity: 1 }];
}

function counted(cart: Cart, productId: Id, quantity: number): Cart {
  if (quantity <= 0) return cart.filter((line) => line.productId !== productId);
  return cart.map((line) =>
    line.productId === productId ? { ...line, quantity: Math.min(quantity, MAX_QUANTITY) } : line,
  );
}

/** The number of items in the cart. */
export function pieces(cart: Cart): number {
  return cart.reduce((sum, line) => sum + line.quantity, 0);
}

export function toStored(till: Till): string {
  return JSON.stringify(till, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** Reads what `toStored` wrote; anything else is a locked till with an empty cart. */
export function checkedToTill(unchecked: string | null): Till {
  if (unchecked === null) return closed;
  try {
    const till = JSON.parse(unchecked, (key, value: unknown) =>
      key === "unitPrice" ? BigInt(value as string) : value,
    ) as Till;
    const open = openOf(till);
    if (!Object.hasOwn(moves, till.at) || !Object.hasOwn(moves, open.at) || open.at === ("locked" as string))
      return closed;
    if (open.at !== "paid" && !Array.isArray(open.cart)) return closed;
    return till;
  } catch {
    return closed;
  }
}
