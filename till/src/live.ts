import { credentials, isProblem, refused, type Refused } from "./api.ts";
import { createReader, type Message } from "./sse.ts";
import { createStore, useStore } from "./store.ts";

/** Whether the server tells us what happens as it happens. */
export type Live = "up" | "joining" | "down";

const live = createStore<Live>("joining");
export const useLive = () => useStore(live);

/** Heartbeats come each 15 s; silence of two and a half of them is a dead line. */
const SILENCE_MS = 38_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;

/** Listens until `signal` aborts, joining again after each break where it left off; `ended` when the server won't have this session any more. */
export async function listen(
  token: string,
  heard: (message: Message) => void,
  ended: (no: Refused) => void,
  signal: AbortSignal,
): Promise<void> {
  let cursor: string | null = null;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const no = await listenOnce(token, cursor, signal, (message) => {
        cursor = message.id ?? cursor;
        pause = FIRST_PAUSE_MS;
        if (message.data !== "") heard(message);
      });
      if (no && !signal.aborted) return ended(no);
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
