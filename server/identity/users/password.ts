import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { availableParallelism } from "node:os";
import { Counter } from "prom-client";
import type { Metrics } from "../../kernel/index.ts";
import { hashSecret, isSecret } from "../secret.ts";
import { INDONESIAN_PASSWORDS } from "./indonesian-passwords.ts";
import type { Names } from "./user.ts";

/** Characters, as a person counts them. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 128;
/** UTF-16 units: what is longer is not even looked at. */
const MAX_UNITS = 4 * MAX_LENGTH;
/** Of a long password the beginning is judged; where that is strong, the whole is. Judging costs some milliseconds. */
const JUDGED = 32;
/** zxcvbn's score from 0 to 4; 2 begins at a million guesses. */
const MIN_SCORE = 2;

type Judge = (password: string, known: readonly string[]) => number;
let judge: Promise<Judge> | undefined;

/** 50,000 known passwords and how people vary them take 10 MB of memory: loaded when first asked for. */
async function loadJudge(): Promise<Judge> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const zxcvbn = new ZxcvbnFactory({
    graphs: adjacencyGraphs,
    dictionary: { ...dictionary, indonesian: [...INDONESIAN_PASSWORDS] },
  });
  return (password, known) => zxcvbn.check(password.slice(0, JUDGED), [...known]).score;
}

/** The password as it is hashed: the same from every keyboard. Refuses `password_length`. */
function checkedToLength(unchecked: string): string | Refusal {
  const password = unchecked.length > MAX_UNITS ? "" : unchecked.normalize("NFKC");
  const { length } = [...password];
  return length >= MIN_LENGTH && length <= MAX_LENGTH ? password : refuse("password_length");
}

/** A password that a user may choose. Refuses `password_length`, `password_common` (known, or near the user's own names), in this order. */
export async function checkedToPassword(
  unchecked: string,
  { username, email, phone }: Names,
): Promise<string | Refusal> {
  const password = checkedToLength(unchecked);
  if (isRefusal(password)) return password;
  judge ??= loadJudge();
  const known = [username, email, ...email.split("@"), phone, phone.replace("+62", "0"), "onegate"];
  const judged = await judge;
  // a word with a few digits and signs before or after it is that word to whoever guesses
  const core = password.replace(/^[^\p{L}]{0,4}|[^\p{L}]{0,4}$/gu, "");
  const isCommon = judged(password, known) < MIN_SCORE || (core !== "" && judged(core, known) === 0);
  return isCommon ? refuse("password_common") : password;
}

/**
 * Argon2id for passwords, so many at once and no more: each hash takes 19 MiB and 20 ms of a core, and one of the four
 * threads that also verify tokens. The others wait here, while other requests go on; networks take turns, so that a flood
 * from one keeps nobody of another waiting for long.
 */
export type Passwords = {
  hash(password: string, network: string): Promise<string>;
  /** Whether it is the password; without a hash to compare with, the same work is done for nobody. */
  isRight(unchecked: string, hash: string | undefined, network: string): Promise<boolean>;
  /** More wait, of all or of this network, than will be served soon: callers are refused `overloaded`. */
  isFull(network: string): boolean;
};

const CONCURRENCY = Math.max(1, Math.min(2, availableParallelism() - 1));
const MAX_WAITING = 200;
const MAX_WAITING_OF_ONE = 50;
/** Looks like a hash of ours, and is nobody's. */
const NOBODYS = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

export function createPasswords(metrics: Metrics): Passwords {
  let running = 0;
  let waits = 0;
  // a network that was served goes to the end
  const waiting = new Map<string, Array<() => void>>();
  const hashes = new Counter({
    name: "password_hashes_total",
    help: "Passwords hashed, also for users that are not there",
    registers: [metrics.registry],
  });
  metrics.gauge("password_hashes_running", "Passwords being hashed", () => running);
  metrics.gauge("password_hashes_waiting", "Passwords waiting to be hashed", () => waits);

  function wait(network: string): Promise<void> {
    waits += 1;
    return new Promise((resolve) => {
      const line = waiting.get(network);
      if (line) line.push(resolve);
      else waiting.set(network, [resolve]);
    });
  }

  function callNext(): boolean {
    const [first] = waiting;
    if (!first) return false;
    const [network, line] = first;
    waiting.delete(network);
    const next = line.shift();
    if (line.length > 0) waiting.set(network, line);
    waits -= 1;
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
      // the place goes to the next one, or is given back
      if (!callNext()) running -= 1;
    }
  }

  return {
    hash: (password, network) => inTurn(network, () => hashSecret(password)),
    async isRight(unchecked, hash, network) {
      const password = checkedToLength(unchecked);
      if (isRefusal(password)) return false;
      const isTheirs = await inTurn(network, () => isSecret(password, hash ?? NOBODYS));
      return isTheirs && hash !== undefined;
    },
    isFull: (network) => waits >= MAX_WAITING || (waiting.get(network)?.length ?? 0) >= MAX_WAITING_OF_ONE,
  };
}
