import { credentials, isProblem, refused, type Refused } from "./api.ts";
import { createReader, type Message } from "./sse.ts";
import { createStore, useStore } from "./store.ts";

/** The state of the event stream from the server. */
export type Live = "up" | "joining" | "down";

const live = createStore<Live>("joining");
export const useLive = () => useStore(live);

/** The server sends a heartbeat every 15 s; after 2.5 intervals of silence the connection is dead. */
const SILENCE_MS = 38_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;

/**
 * Reads the event stream until `signal` aborts. After a lost connection it reconnects and resumes after the
 * last event. Calls `ended` and returns when the server refuses the session.
 */
export async function listen(
  token: string,
  heard: (message: Message) => void,
  ended: (refusal: Refused) => void,
  signal: AbortSignal,
): Promise<void> {
  let cursor: string | null = null;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const refusal = await listenOnce(token, cursor, signal, (message) => {
        cursor = message.id ?? cursor;
        pause = FIRST_PAUSE_MS;
        if (message.data !== "") heard(message);
      });
      if (refusal && !signal.aborted) return ended(refusal);
    } catch {
      if (signal.aborted) return;
    }
    live.set("down");
    await rest(pause, signal);
    pause = Math.min(pause * 2, MAX_PAUSE_MS);
  }
}

async function listenOnce(
  token: string,
  cursor: string | null,
  signal: AbortSignal,
  heard: (message: Message) => void,
): Promise<Refused | undefined> {
  const silence = new AbortController();
  let watch = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const headers = credentials(token);
    headers.set("Accept", "text/event-stream");
    if (cursor !== null) headers.set("Last-Event-ID", cursor);
    const answer = await fetch("/api/v1/till/events", {
      headers,
      cache: "no-store",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (answer.status === 401) {
      const problem: unknown = await answer.json();
      return isProblem(problem) ? refused(problem) : undefined;
    }
    if (!answer.ok || !answer.body) return undefined;
    live.set("up");
    const push = createReader();
    const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), SILENCE_MS);
      push(piece.value).forEach(heard);
    }
    return undefined;
  } finally {
    clearTimeout(watch);
  }
}

/** A pause that ends early when the network comes back. */
function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
