import { refuse } from "@onegate/contract";
import { answerRefusal, inTransaction, type Database, type Http } from "../kernel/index.ts";
import { addressOf } from "./address.ts";
import { networkOf } from "./origin.ts";
import { lockTries, updateTries } from "./users/store.ts";
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
type Tried = { readonly free: number; readonly longestSeconds: number };
/** Counted in this process, without a query: a bucket that holds `burst` and fills again by so many a second. */
type Flowing = { readonly perSecond: number; readonly burst: number };

/**
 * What one network (an IPv4 address, or an IPv6 /64) may ask. Thousands of honest people share an address of a mobile
 * carrier, so these numbers stop floods and guesses, and not a crowd.
 * Guesses at passwords (`users/tries.ts`), PINs (`pins/policy.ts`) and codes are counted there.
 */
export const limits = {
  /** Each costs a judged and a hashed password, and tells whether a name is taken. */
  registration: { free: 200, longestSeconds: 60 },
  /** A signature and a transaction each; its secret has 256 bits, which nobody guesses. */
  refresh: { perSecond: 20, burst: 400 },
  /** A hashed password each. Wrong ones are counted by account and address too. */
  sign_in: { perSecond: 20, burst: 400 },
} as const satisfies Record<string, Tried | Flowing>;

export type LimitName = keyof typeof limits;

/** Applies `limits` to the routes that name one: refuses `too_many_requests` with the seconds to wait. */
export function limitRequests(http: Http, database: Database): void {
  const buckets = new Map<LimitName, Bucket>();
  http.addHook("onRoute", (route) => {
    const { limit } = route.config ?? {};
    if (limit !== undefined && !Object.hasOwn(limits, limit)) throw new Error(`route ${route.url} names the limit ${limit}, which is not in limits.ts`);
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
    void countTry(database, triedBy(name, network, limit)).then(
      (seconds) => (seconds > 0 ? void answerRefusal(request, reply, refuse("too_many_requests", { seconds })) : done()),
      (error: Error) => done(error),
    );
  });
}

function triedBy(name: LimitName, network: string, { free, longestSeconds }: Tried) {
  return { subject: subjectOf(name, network), free, longestSeconds };
}

/** Counts a try, unless there is a pause: answers its seconds. */
function countTry(database: Database, limit: ReturnType<typeof triedBy>): Promise<number> {
  return inTransaction(database, async (tx) => {
    const seconds = await lockTries(tx, [limit]);
    if (seconds === 0) await updateTries(tx, [limit]);
    return seconds;
  });
}

type Bucket = { readonly take: (network: string) => number };

/** Networks remembered at most; whoever is forgotten has a full bucket. */
const MOST_NETWORKS = 50_000;

/** Of each network one number: the moment when its bucket is full again. Answers the seconds to wait, 0 for none. */
export function createBucket({ perSecond, burst }: Flowing, now: () => number = () => performance.now()): Bucket {
  const fullAt = new Map<string, number>();
  const eachMs = 1_000 / perSecond;
  return {
    take(network) {
      const at = now();
      const next = Math.max(fullAt.get(network) ?? at, at) + eachMs;
      const wait = next - at - burst * eachMs;
      if (wait > 0) return Math.ceil(wait / 1_000);
      // the ones that asked last stand last
      fullAt.delete(network);
      fullAt.set(network, next);
      if (fullAt.size > MOST_NETWORKS) for (const [oldest] of fullAt) {
        fullAt.delete(oldest);
        break;
      }
      return 0;
    },
  };
}
