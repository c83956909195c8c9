import { refuse, type Id } from "@onegate/contract";
import { answerRefusal, inTransaction, type Database, type Http } from "../kernel/index.ts";
import { addressOf } from "./address.ts";
import { networkOf } from "./origin.ts";
import type { Principal } from "./staff.ts";
import { lockTries, updateTries, type Limit } from "./users/store.ts";
import { subjectOf } from "./users/tries.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** How often one network may ask; a name in `limits`. */
    limit?: LimitName;
  }
}

/**
 * Counted in the database, over all replicas, before anything of the request is looked at: so many for nothing, then
 * pauses that double up to the longest; one is forgotten for each longest pause that goes by.
 */
type Tried = {
  readonly free: number;
  readonly longestSeconds: number /** Counts the person instead of the network. */;
  readonly by?: "person";
};
/** Counted in this process, without a query: a bucket that holds `burst` and fills again by so many a second. */
type Flowing = { readonly perSecond: number; readonly burst: number };

/**
 * What one person, or one key of a merchant's program, may read, in this process: more than any screen asks for, so that
 * nobody takes the database from the others by reading.
 */
export const readLimits = {
  user: { perSecond: 20, burst: 400 },
  staff: { perSecond: 50, burst: 1_000 },
  key: { perSecond: 200, burst: 2_000 },
} as const satisfies Record<string, Flowing>;

/**
 * What one network (an IPv4 address, or an IPv6 /64) may ask. Thousands of honest people share an address of a mobile
 * carrier, so these numbers stop floods and guesses, and not a crowd.
 * Guesses at passwords (`users/tries.ts`), PINs (`pins/policy.ts`) and codes are counted there.
 */
export const limits = {
  /** Each costs a judged and a hashed password, and tells whether a name is taken. */
  registration: { free: 200, longestSeconds: 60 },
  /** Each tells whether a name is taken; nobody changes names often. */
  profile: { free: 20, longestSeconds: 3_600, by: "person" },
  /** A signature and a transaction each; its secret has 256 bits, which nobody guesses. */
  refresh: { perSecond: 20, burst: 400 },
  /** A hashed password each. Wrong ones are counted by account and address too. */
  sign_in: { perSecond: 20, burst: 400 },
} as const satisfies Record<string, Tried | Flowing>;

export type LimitName = keyof typeof limits;

/** Who a principal is among those whose reads are counted, and by which limit. */
function readerOf(
  principal: Principal,
): { readonly limit: keyof typeof readLimits; readonly id: string } | undefined {
  if ("userId" in principal) return { limit: "user", id: principal.userId };
  if ("staffId" in principal) return { limit: "staff", id: principal.staffId };
  return "keyId" in principal ? { limit: "key", id: principal.keyId } : undefined;
}

/** Applies `limits` to the routes that name one, and `readLimits` to all that read: refuses `too_many_requests` with the seconds to wait. */
export function limitRequests(http: Http, database: Database): void {
  const buckets = new Map<LimitName, Bucket>();
  const readers = {
    user: createBucket(readLimits.user),
    staff: createBucket(readLimits.staff),
    key: createBucket(readLimits.key),
  };
  http.addHook("onRequest", (request, reply, done) => {
    // no principal where an address has no route
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

/** Transfers to recipients that are not there: each tells whether somebody has a telephone number. */
export function recipientTries(userId: Id): Limit {
  return { subject: subjectOf("recipient", userId), free: 20, longestSeconds: 3_600 };
}

function triedBy(name: LimitName, subject: string, { free, longestSeconds }: Tried): Limit {
  return { subject: subjectOf(name, subject), free, longestSeconds };
}

/** Counts a try, unless there is a pause: answers its seconds. */
export function countTry(database: Database, limit: Limit): Promise<number> {
  return inTransaction(database, async (tx) => {
    const seconds = await lockTries(tx, [limit]);
    if (seconds === 0) await updateTries(tx, [limit]);
    return seconds;
  });
}

type Bucket = { readonly take: (subject: string) => number };

/** Networks or persons remembered at most; whoever is forgotten has a full bucket. */
const MAX_SUBJECTS = 50_000;

/** Of each subject one number: the moment when its bucket is full again. Answers the seconds to wait, 0 for none. */
export function createBucket(
  { perSecond, burst }: Flowing,
  now: () => number = () => performance.now(),
): Bucket {
  const fullAt = new Map<string, number>();
  const eachMs = 1_000 / perSecond;
  return {
    take(subject) {
      const at = now();
      const next = Math.max(fullAt.get(subject) ?? at, at) + eachMs;
      const wait = next - at - burst * eachMs;
      if (wait > 0) return Math.ceil(wait / 1_000);
      // the ones that asked last stand last
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
