import type { Id, SessionBody } from "@onegate/contract";

/** A session that can't be read without its PIN. Times are in milliseconds, bytes in base64. */
type Box = {
  /** When the server last accepted this PIN. */
  readonly at: number;
  readonly salt: string;
  readonly iv: string;
  /** Of the outer encryption, with the browser's own key. */
  readonly outerIv: string;
  readonly content: string;
  /** The latest time seen on this browser's clock, which must not be set back behind it. */
  readonly seen: number;
  /** Wrong PINs since `at`, including the one being tried. */
  readonly tries: number;
  readonly notBefore: number;
};
type Boxes = Readonly<Record<Id, Box>>;

export type Opened =
  | { readonly is: "open"; readonly session: SessionBody }
  | { readonly is: "wrong"; readonly left: number; readonly seconds: number }
  | { readonly is: "wait"; readonly seconds: number }
  /** Too many wrong PINs: the copy was destroyed. */
  | { readonly is: "destroyed" }
  /** There is no sealed copy, or it is too old. */
  | { readonly is: "none" };

export type Parts = {
  readonly place: { readonly read: () => string | null; readonly write: (value: string | null) => void };
  /** Derives 32 bytes from a PIN, slowly on purpose. */
  readonly derive: (pin: string, salt: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;
  /** The browser's own key, which can't be exported. */
  readonly ownKey: () => Promise<CryptoKey>;
  readonly now: () => number;
};

export const MAX_HOURS = 12;
export const MAX_TRIES = 5;
/** Seconds to wait after each wrong PIN. */
export const DELAYS_S = [5, 10, 20, 40] as const;

const HOUR = 3_600_000;
/** A clock that was set back further than this makes a copy invalid. */
const CLOCK_SLACK = 300_000;
/** The shortest time between two updates of `seen`. */
const SEEN_EVERY_MS = 60_000;

/** The sealed copies in this browser, one for each person, and the limits within which a PIN opens them. */
export function createSeals({ place, derive, ownKey, now }: Parts) {
  function boxes(): Boxes {
    try {
      return JSON.parse(place.read() ?? "{}") as Boxes;
    } catch {
      return {};
    }
  }

  function put(staffId: Id, box: Box | null): void {
    const { [staffId]: _, ...others } = boxes();
    const next = box ? { ...others, [staffId]: box } : others;
    place.write(Object.keys(next).length === 0 ? null : JSON.stringify(next));
  }

  function fresh(staffId: Id): Box | undefined {
    const box = boxes()[staffId];
    if (!box) return undefined;
    const at = now();
    // a copy of an earlier version has no outer encryption; it is deleted
    if (box.outerIv === undefined || at < box.seen - CLOCK_SLACK || at - box.at > MAX_HOURS * HOUR) {
      put(staffId, null);
      return undefined;
    }
    if (at - box.seen < SEEN_EVERY_MS) return box;
    const seen = { ...box, seen: at };
    put(staffId, seen);
    return seen;
  }

  async function key(
    pin: string,
    salt: Uint8Array<ArrayBuffer>,
    use: "encrypt" | "decrypt",
  ): Promise<CryptoKey> {
    return crypto.subtle.importKey("raw", await derive(pin, salt), "AES-GCM", false, [use]);
  }

  /** Removes the outer encryption; undefined if the browser's own key has changed since. */
  async function unwrapped({ outerIv, content }: Box): Promise<ArrayBuffer | undefined> {
    try {
      return await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: toBytes(outerIv) },
        await ownKey(),
        toBytes(content),
      );
    } catch {
      return undefined;
    }
  }

  return {
    /** Whether this person's PIN can open the till without the server. */
    has: (staffId: Id): boolean => fresh(staffId) !== undefined,

    /** Seals a session that the server has just opened for `pin`. It replaces the person's earlier copy. */
    async keep(session: SessionBody, pin: string): Promise<void> {
      const at = now();
      const salt = crypto.getRandomValues(new Uint8Array(16));
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(session));
      const inner = await crypto.subtle.encrypt(
        { name: "AES-GCM", iv, additionalData: bound(session.staff.id, at) },
        await key(pin, salt, "encrypt"),
        plain,
      );
      const outerIv = crypto.getRandomValues(new Uint8Array(12));
      const content = await crypto.subtle.encrypt({ name: "AES-GCM", iv: outerIv }, await ownKey(), inner);
      put(session.staff.id, {
        at,
        salt: toText(salt),
        iv: toText(iv),
        outerIv: toText(outerIv),
        content: toText(new Uint8Array(content)),
        seen: at,
        tries: 0,
        notBefore: 0,
      });
    },

    /** Tries `pin`. The try is counted on disk before it is made. */
    async open(staffId: Id, pin: string): Promise<Opened> {
      const box = fresh(staffId);
      if (!box) return { is: "none" };
      const early = box.notBefore - now();
      if (early > 0) return { is: "wait", seconds: Math.ceil(early / 1_000) };
      const tries = box.tries + 1;
      const seconds = DELAYS_S[tries - 1] ?? 0;
      put(staffId, tries >= MAX_TRIES ? null : { ...box, tries, notBefore: now() + seconds * 1_000 });
      const inner = await unwrapped(box);
      if (!inner) {
        put(staffId, null);
        return { is: "none" };
      }
      const opening = await key(pin, toBytes(box.salt), "decrypt").catch(() => null);
      // no key could be derived, so this doesn't count as a try
      if (!opening) {
        put(staffId, box);
        return { is: "none" };
      }
      try {
        const plain = await crypto.subtle.decrypt(
          { name: "AES-GCM", iv: toBytes(box.iv), additionalData: bound(staffId, box.at) },
          opening,
          inner,
        );
        const session = JSON.parse(new TextDecoder().decode(plain)) as SessionBody;
        const over = Date.parse(session.expires_at) <= now();
        put(staffId, over ? null : { ...box, tries: 0, notBefore: 0 });
        return over ? { is: "none" } : { is: "open", session };
      } catch {
        return tries >= MAX_TRIES ? { is: "destroyed" } : { is: "wrong", left: MAX_TRIES - tries, seconds };
      }
    },

    forget: (staffId: Id): void => put(staffId, null),
    forgetAll: (): void => place.write(null),
  };
}

/** Binds a sealed copy to its person and time: it doesn't open for another person or with a changed time. */
const bound = (staffId: Id, at: number) => new TextEncoder().encode(`onegate ${staffId} ${at}`);

const toText = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const toBytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
