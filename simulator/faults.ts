/** Faults of an answer: whether the work is done, and a description of what the caller gets. */
export const answerFaults = {
  answer_lost: { done: true, says: "dikerjakan, lalu sambungan diputus tanpa jawaban" },
  answer_slow: { done: true, says: "dikerjakan, jawabannya terlambat" },
  html_403: { done: false, says: "tidak dikerjakan, dijawab halaman HTML 403" },
  error_500: { done: false, says: "tidak dikerjakan, dijawab 500" },
  error_500_done: { done: true, says: "dikerjakan, tetapi dijawab 500" },
} as const;

export type AnswerFault = keyof typeof answerFaults;

/** Calls an answer fault can be planned for. */
export const calls = ["create", "read", "cancel", "refund"] as const;
export type Call = (typeof calls)[number];

export type PlannedFault = { readonly call: Call; readonly fault: AnswerFault; readonly ms: number };

/** Faults of callbacks; each is a setting for all transactions or for one. */
export type CallbackFaults = {
  /** Delay of the first attempt, in milliseconds. */
  readonly delay_ms: number;
  /** The number of additional copies of the same callback. */
  readonly duplicates: number;
  /** Signed with a key that is not the merchant's. */
  readonly forged: boolean;
  /** One digit of the amount changed after signing. */
  readonly altered: boolean;
  /** Never sent. */
  readonly suppressed: boolean;
};

export const NO_FAULTS: CallbackFaults = {
  delay_ms: 0,
  duplicates: 0,
  forged: false,
  altered: false,
  suppressed: false,
};

const DAY_MS = 86_400_000;
const MAX_DUPLICATES = 100;

export function isAnswerFault(unchecked: unknown): unchecked is AnswerFault {
  return typeof unchecked === "string" && Object.hasOwn(answerFaults, unchecked);
}

export function isCall(unchecked: unknown): unchecked is Call {
  return calls.some((call) => call === unchecked);
}

/** Reads some callback faults; undefined if a name or a value is not one. */
export function checkedToCallbackFaults(unchecked: unknown): Partial<CallbackFaults> | undefined {
  if (typeof unchecked !== "object" || unchecked === null) return undefined;
  const faults: Record<string, number | boolean> = {};
  for (const [name, value] of Object.entries(unchecked)) {
    if (!Object.hasOwn(NO_FAULTS, name)) return undefined;
    const kind = typeof NO_FAULTS[name as keyof CallbackFaults];
    const read =
      kind === "boolean"
        ? checkedToFlag(value)
        : checkedToCount(value, name === "duplicates" ? MAX_DUPLICATES : DAY_MS);
    if (read === undefined) return undefined;
    faults[name] = read;
  }
  return faults;
}

/** A whole number from 0 to `max`, as a number or a string of digits. */
export function checkedToCount(unchecked: unknown, max: number): number | undefined {
  const value = typeof unchecked === "string" && /^\d{1,15}$/.test(unchecked) ? Number(unchecked) : unchecked;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max
    ? value
    : undefined;
}

function checkedToFlag(unchecked: unknown): boolean | undefined {
  if (typeof unchecked === "boolean") return unchecked;
  return unchecked === "1" || unchecked === "true"
    ? true
    : unchecked === "0" || unchecked === "false"
      ? false
      : undefined;
}

/** The current faults: settings for all callbacks, and a queue for the next answers. */
export class FaultPlan {
  callbacks: CallbackFaults = NO_FAULTS;
  queue: PlannedFault[] = [];

  /** Removes the first fault for this call from the queue and returns it. */
  take(call: Call): PlannedFault | undefined {
    const index = this.queue.findIndex((planned) => planned.call === call);
    return index < 0 ? undefined : this.queue.splice(index, 1)[0];
  }

  clear(): void {
    this.callbacks = NO_FAULTS;
    this.queue = [];
  }
}
