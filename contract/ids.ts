/** A UUID in lower case. Ids are UUIDv7 and are made by the caller, so that a retry has the same id. */
export type Id = string;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isId(unchecked: unknown): unchecked is Id {
  return typeof unchecked === "string" && UUID.test(unchecked);
}

/** Formats 16 bytes as UUID text. */
export function toUuid(bytes: Uint8Array): Id {
  let text = "";
  for (let i = 0; i < 16; i++) {
    text += (bytes[i] ?? 0).toString(16).padStart(2, "0");
    if (i === 3 || i === 5 || i === 7 || i === 9) text += "-";
  }
  return text;
}

/**
 * UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits from the 10 bytes in
 * `random`.
 */
export function uuidv7(milliseconds: number, random: Uint8Array): Id {
  const bytes = new Uint8Array(16);
  let rest = milliseconds;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return toUuid(bytes);
}

/** A new UUIDv7 from the platform's own clock and randomness (browser or Node). */
export function newId(): Id {
  return uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}
