import { refuse, type Id } from "@onegate/contract";
import { answerRefusal, inTransaction, type Database, type Http } from "../kernel/index.ts";
import { addressOf } from "./address.ts";
import { networkOf } from "./origin.ts";
import type { Principal } from "./staff.ts";
import { lockTries, updateTries, type Limit } from "./users/store.ts";
import { subjectOf } from "./users/tries.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** How many requests one network may make: a name in `limits`. */
    limit?: LimitName;
  }
}

/**
 * A limit counted in the database, across all replicas, before the request is processed. The first `free`
 * tries cause no delay. Each further try doubles the pause before the next, up to `longestSeconds`. One try
 * is forgotten for each `longestSeconds` that passes.
 */
type Tried = {
  readonly free: number;
  readonly longestSeconds: number;
  /** Counts the person instead of the network. */
  readonly by?: "person";
};
/**
 * A limit counted in this process, without a query: a bucket of `burst` requests, refilled at `perSecond`.
 */
type Flowing = { readonly perSecond: number; readonly burst: number };

/**
 * How much one person or one key may read, per process. It is more than any screen needs, and keeps one
 * reader from occupying the database.
 */
export const readLimits = {
  user: { perSecond: 20, burst: 400 },
  staff: { perSecond: 50, burst: 1_000 },
  key: { perSecond: 200, burst: 2_000 },
} as const satisfies Record<string, Flowing>;

/**
 * How many requests one network (an IPv4 address, or an IPv6 /64) may make. Thousands of honest people share
 * an address of a mobile carrier, so these limits stop floods and guessing but let a crowd through. Guesses
 * are counted elsewhere: passwords and codes in `users/tries.ts`, PINs in `pins/policy.ts`.
 */
export const limits = {
  /** Each costs a password check and a hash, and reveals whether a name is taken. */
  registration: { free: 200, longestSeconds: 60 },
  /** Each reveals whether a name is taken. People rarely change their names. */
  profile: { free: 20, longestSeconds: 3_600, by: "person" },
  /** Each costs a signature and a transaction. The token has 256 bits, so guessing it is hopeless. */
  refresh: { perSecond: 20, burst: 400 },
  /** Each costs a password hash. Wrong passwords are also counted by account and address. */
  sign_in: { perSecond: 20, burst: 400 },
} as const satisfies Record<string, Tried | Flowing>;

export type LimitName = keyof typeof limits;

/** The reader that a principal counts as, and its limit. Nothing if its reads are not counted. */
function readerOf(
  principal: Principal,
): { readonly limit: keyof typeof readLimits; readonly id: string } | undefined {
  if ("userId" in principal) return { limit: "user", id: principal.userId };
  if ("staffId" in principal) return { limit: "staff", id: principal.staffId };
  return "keyId" in principal ? { limit: "key", id: principal.keyId } : undefined;
}

/**
 * Applies `limits` to the routes that name one, and `readLimits` to all reads. Refuses `too_many_requests`
 * with the seconds to wait.
 */
export function limitRequests(http: Http, database: Database): void {
  const buckets = new Map<LimitName, Bucket>();
  const readers = {
    user: createBucket(readLimits.user),
    staff: createBucket(readLimits.staff),
    key: createBucket(readLimits.key),
  };
  http.addHook("onRequest", (request, reply, done) => {
    // a request that matches no route has no principal
    const { method, principal } = request as { method: string; principal: Principal | undefined };
    const reader = method === "GET" || method === "HEAD" ? principal && readerOf(principal) : undefined;
    const seconds = reader ? readers[reader.limit].take(reader.id) : 0;
    if (seconds > 0) answerRefusal(request, reply, refuse("too_many_requests", { seconds }));
    else done();
  });
  http.addHook("onRoute", (route) => {
    const { limit } = route.config ?? {};
    if (limit !== undefined && !Object.hasOwn(limits, limit))
      throw new Error(`route ${route.url} names the limit ${limit}, which is not in limits.ts`);
  });
  http.addHook("onRequest", (request, reply, done) => {
    const name = request.routeOptions.config.limit;
    if (name === undefined) return done();
    const limit: Tried | Flowing = limits[name];
    const network = networkOf(addressOf(request));
    if ("perSecond" in limit) {
      if (!buckets.has(name)) buckets.set(name, createBucket(limit));
      const seconds = buckets.get(name)?.take(network) ?? 0;
      if (seconds > 0) answerRefusal(request, reply, refuse("too_many_requests", { seconds }));
      else done();
      return;
    }
    const person = limit.by === "person" ? readerOf(request.principal)?.id : undefined;
    void countTry(database, triedBy(name, person ?? network, limit)).then(
      (seconds) =>
        seconds > 0 ? void answerRefusal(request, reply, refuse("too_many_requests", { seconds })) : done(),
      (error: Error) => done(error),
    );
  });
}

/** Limits transfers to unknown recipients, because each reveals whether a telephone number is registered. */
export function recipientLimit(userId: Id): Limit {
  return { subject: subjectOf("recipient", userId), free: 20, longestSeconds: 3_600 };
}

function triedBy(name: LimitName, subject: string, { free, longestSeconds }: Tried): Limit {
  return { subject: subjectOf(name, subject), free, longestSeconds };
}

/** Counts a try and returns 0, or returns the seconds to wait if a pause is running. */
export function countTry(database: Database, limit: Limit): Promise<number> {
  return inTransaction(database, async (tx) => {
    const seconds = await lockTries(tx, [limit]);
    if (seconds === 0) await updateTries(tx, [limit]);
    return seconds;
  });
}

type Bucket = { readonly take: (subject: string) => number };

/** How many subjects are remembered. A subject that was forgotten has a full bucket. */
const MAX_SUBJECTS = 50_000;

/**
 * Keeps one number per subject: the time (ms) at which its bucket is full again. `take` returns the seconds
 * to wait, 0 if none.
 */
export function createBucket(
  { perSecond, burst }: Flowing,
  now: () => number = () => performance.now(),
): Bucket {
  const fullAt = new Map<string, number>();
  const intervalMs = 1_000 / perSecond;
  return {
    take(subject) {
      const at = now();
      const next = Math.max(fullAt.get(subject) ?? at, at) + intervalMs;
      const waitMs = next - at - burst * intervalMs;
      if (waitMs > 0) return Math.ceil(waitMs / 1_000);
      // keeps the map ordered by last use
      fullAt.delete(subject);
      fullAt.set(subject, next);
      if (fullAt.size > MAX_SUBJECTS)
        for (const [oldest] of fullAt) {
          fullAt.delete(oldest);
          break;
        }
      return 0;
    },
  };
}
