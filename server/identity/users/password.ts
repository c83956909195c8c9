import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { availableParallelism } from "node:os";
import { Counter } from "prom-client";
import type { Metrics } from "../../kernel/index.ts";
import { hashSecret, isSecret } from "../secret.ts";
import { INDONESIAN_PASSWORDS } from "./indonesian-passwords.ts";
import type { Names } from "./user.ts";

/** In characters, as a person counts them. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 128;
/** In UTF-16 units. Longer input is refused without further processing. */
const MAX_UNITS = 4 * MAX_LENGTH;
/**
 * Only the start of a long password is scored: if that is strong, the whole is. Scoring takes some
 * milliseconds.
 */
const SCORED_LENGTH = 32;
/** zxcvbn's score from 0 to 4; 2 begins at a million guesses. */
const MIN_SCORE = 2;

type Scorer = (password: string, known: readonly string[]) => number;
let scorer: Promise<Scorer> | undefined;

/** Loaded on first use, because the 50,000 known passwords take 10 MB of memory. */
async function loadScorer(): Promise<Scorer> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const zxcvbn = new ZxcvbnFactory({
    graphs: adjacencyGraphs,
    dictionary: { ...dictionary, indonesian: [...INDONESIAN_PASSWORDS] },
  });
  return (password, known) => zxcvbn.check(password.slice(0, SCORED_LENGTH), [...known]).score;
}

/** Normalizes a password (NFKC), so that every keyboard gives the same one. Refuses `password_length`. */
function checkedToLength(unchecked: string): string | Refusal {
  const password = unchecked.length > MAX_UNITS ? "" : unchecked.normalize("NFKC");
  const { length } = [...password];
  return length >= MIN_LENGTH && length <= MAX_LENGTH ? password : refuse("password_length");
}

/**
 * Checks a password that a user wants to set. Refuses `password_length`, then `password_common` if it is a
 * known password or close to the user's own names.
 */
export async function checkedToPassword(
  unchecked: string,
  { username, email, phone }: Names,
): Promise<string | Refusal> {
  const password = checkedToLength(unchecked);
  if (isRefusal(password)) return password;
  scorer ??= loadScorer();
  const known = [username, email, ...email.split("@"), phone, phone.replace("+62", "0"), "onegate"];
  const score = await scorer;
  // guessers try a word with a few digits and signs around it, so the bare word is scored too
  const core = password.replace(/^[^\p{L}]{0,4}|[^\p{L}]{0,4}$/gu, "");
  const isCommon = score(password, known) < MIN_SCORE || (core !== "" && score(core, known) === 0);
  return isCommon ? refuse("password_common") : password;
}

/**
 * Hashes passwords with Argon2id, at limited concurrency. Each hash takes 19 MiB, 20 ms of a core, and one of
 * the four threads that also verify tokens. Further hashes wait here while other requests go on. Networks
 * take turns, so a flood from one network does not delay the others.
 */
export type Passwords = {
  hash(password: string, network: string): Promise<string>;
  /** Whether the password matches the hash. Without a hash it does the same work and returns false. */
  isRight(unchecked: string, hash: string | undefined, network: string): Promise<boolean>;
  /** Whether the queue is full, in total or for this network. Callers then refuse `overloaded`. */
  isFull(network: string): boolean;
};

const CONCURRENCY = Math.max(1, Math.min(2, availableParallelism() - 1));
const MAX_WAITING = 200;
const MAX_WAITING_OF_ONE = 50;
/** A well-formed hash that no password matches. */
const DUMMY_HASH = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

export function createPasswords(metrics: Metrics): Passwords {
  let running = 0;
  let queued = 0;
  // by network, next to be served first: a network that was served moves to the end
  const waiting = new Map<string, Array<() => void>>();
  const hashes = new Counter({
    name: "password_hashes_total",
    help: "Passwords hashed, also for users that do not exist",
    registers: [metrics.registry],
  });
  metrics.gauge("password_hashes_running", "Passwords being hashed", () => running);
  metrics.gauge("password_hashes_waiting", "Passwords waiting to be hashed", () => queued);

  function wait(network: string): Promise<void> {
    queued += 1;
    return new Promise((resolve) => {
      const queue = waiting.get(network);
      if (queue) queue.push(resolve);
      else waiting.set(network, [resolve]);
    });
  }

  function callNext(): boolean {
    const [first] = waiting;
    if (!first) return false;
    const [network, queue] = first;
    waiting.delete(network);
    const next = queue.shift();
    if (queue.length > 0) waiting.set(network, queue);
    queued -= 1;
    next?.();
    return true;
  }

  async function inTurn<T>(network: string, work: () => Promise<T>): Promise<T> {
    if (running < CONCURRENCY) running += 1;
    else await wait(network);
    try {
      hashes.inc();
      return await work();
    } finally {
      // hands the slot to the next in the queue, or frees it
      if (!callNext()) running -= 1;
    }
  }

  return {
    hash: (password, network) => inTurn(network, () => hashSecret(password)),
    async isRight(unchecked, hash, network) {
      const password = checkedToLength(unchecked);
      if (isRefusal(password)) return false;
      const isMatch = await inTurn(network, () => isSecret(password, hash ?? DUMMY_HASH));
      return isMatch && hash !== undefined;
    },
    isFull: (network) => queued >= MAX_WAITING || (waiting.get(network)?.length ?? 0) >= MAX_WAITING_OF_ONE,
  };
}
