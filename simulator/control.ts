import type { FastifyInstance } from "fastify";
import { send } from "./answer.ts";
import { failure, success } from "./envelope.ts";
import {
  checkedToCallbackFaults,
  checkedToCount,
  isAnswerFault,
  isCall,
  type PlannedFault,
} from "./faults.ts";
import { expireDue, refund, settle, takeBack } from "./settle.ts";
import type { Transaction } from "./transaction.ts";
import type { World } from "./world.ts";

/** The actions of the control API on a transaction. */
const ends = { pay: "PAID", expire: "EXPIRED", fail: "FAILED" } as const;
const acts = [...(Object.keys(ends) as Array<keyof typeof ends>), "refund", "chargeback", "deny"] as const;
export type Act = (typeof acts)[number];

/**
 * Does an action on the provider's side; a refund gets a new key. `amount` is what is paid, refunded or taken
 * back.
 */
export function act(world: World, reference: string, what: Act, amount?: number): Transaction | undefined {
  if (what === "chargeback" || what === "deny") return takeBack(world, reference, what, amount);
  if (what !== "refund") return settle(world, reference, ends[what], amount);
  const made = world.book.transaction(reference)?.refunds.length ?? 0;
  return refund(world, reference, { key: `desk-${made + 1}`, amount, reason: "" });
}

export function isAct(unchecked: unknown): unchecked is Act {
  return (acts as readonly unknown[]).includes(unchecked);
}

const MAX_AMOUNT = 1e12;
const DEFAULT_WAIT_MS = 5_000;
const MAX_WAIT_MS = 600_000;
const MAX_TIMES = 1_000;
const MAX_SHIFT_MS = 400 * 86_400_000;

/** The control API under `/control/`, open to this machine or with a key: see `near.ts`. */
export function controlRoutes(world: World) {
  const { book, faults } = world;
  const shown = (transaction: Transaction) => ({
    ...transaction,
    callbacks: book.deliveriesOf(transaction.reference),
  });
  const plan = () => ({ callbacks: faults.callbacks, next: faults.queue });

  return async (routes: FastifyInstance): Promise<void> => {
    routes.get("/transactions", async (_, reply) => {
      expireDue(world);
      return send(reply, success(book.transactions()));
    });

    routes.get<{ Params: { reference: string } }>("/transactions/:reference", async ({ params }, reply) => {
      expireDue(world);
      const transaction = book.transaction(params.reference);
      return send(reply, transaction ? success(shown(transaction)) : failure("Transaction not found", 404));
    });

    routes.post<{ Params: { reference: string; act: string } }>(
      "/transactions/:reference/:act",
      async ({ params, body }, reply) => {
        if (!isAct(params.act)) return send(reply, failure(`An act is one of ${acts.join(", ")}`));
        if (!book.transaction(params.reference)) return send(reply, failure("Transaction not found", 404));
        const requested = field(body, "amount");
        const amount = requested === undefined ? undefined : checkedToCount(requested, MAX_AMOUNT);
        if (requested !== undefined && amount === undefined)
          return send(reply, failure("The amount is whole rupiah"));
        const moved = act(world, params.reference, params.act, amount);
        return send(
          reply,
          moved ? success(shown(moved)) : failure("The transaction is not in a state for that", 409),
        );
      },
    );

    routes.put<{ Params: { reference: string } }>(
      "/transactions/:reference/faults",
      async ({ params, body }, reply) => {
        const transaction = book.transaction(params.reference);
        const requested = checkedToCallbackFaults(body);
        if (!transaction || !requested) return send(reply, failure("No such transaction or fault"));
        book.record({ kind: "transaction", transaction: { ...transaction, faults: requested } });
        return send(reply, success(requested));
      },
    );

    routes.get("/faults", async (_, reply) => send(reply, success(plan())));

    routes.put("/faults", async ({ body }, reply) => {
      const requested = checkedToCallbackFaults(body);
      if (!requested) return send(reply, failure("No such fault"));
      faults.callbacks = { ...faults.callbacks, ...requested };
      return send(reply, success(plan()));
    });

    routes.delete("/faults", async (_, reply) => {
      faults.clear();
      return send(reply, success(plan()));
    });

    routes.post("/next", async ({ body }, reply) => {
      const planned = checkedToPlanned(body);
      if (!planned)
        return send(reply, failure("Name a fault, and one of the calls create, read, cancel, refund"));
      faults.queue.push(...planned);
      return send(reply, success(plan()));
    });

    routes.get("/clock", async (_, reply) =>
      send(reply, success({ now: world.clock.now(), shift_ms: world.clock.shiftMs })),
    );

    routes.put("/clock", async ({ body }, reply) => {
      const shiftMs = checkedToCount(field(body, "shift_ms"), MAX_SHIFT_MS);
      if (shiftMs === undefined) return send(reply, failure("shift_ms is whole milliseconds"));
      world.clock.shiftMs = shiftMs;
      book.record({ kind: "clock", shiftMs });
      expireDue(world);
      return send(reply, success({ now: world.clock.now(), shift_ms: shiftMs }));
    });
  };
}

/** Reads `{fault, call = create, times = 1, ms = 5000}`; `ms` is the delay of a slow answer. */
export function checkedToPlanned(body: unknown): PlannedFault[] | undefined {
  const [fault, call] = [field(body, "fault"), field(body, "call") ?? "create"];
  const times = checkedToCount(field(body, "times") ?? 1, MAX_TIMES);
  const ms = checkedToCount(field(body, "ms") ?? DEFAULT_WAIT_MS, MAX_WAIT_MS);
  if (!isAnswerFault(fault) || !isCall(call) || times === undefined || ms === undefined) return undefined;
  return Array.from({ length: times }, () => ({ call, fault, ms }));
}

function field(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
