/** Maximum nesting of objects and arrays; no schema here has more than 8 levels. */
export const MAX_JSON_DEPTH = 32;
/** A body with fewer bytes for each key than this can't match any schema here. */
const BYTES_PER_KEY = 8;
const MIN_KEYS = 64;

const QUOTE = 34,
  COLON = 58,
  BACKSLASH = 92,
  OPEN_ARRAY = 91,
  CLOSE_ARRAY = 93,
  OPEN_OBJECT = 123,
  CLOSE_OBJECT = 125;

/**
 * Why a JSON text must not be parsed, or `undefined`. Scans each character once, without building any value.
 */
export function jsonProblem(text: string, limitBytes: number): string | undefined {
  const maxKeys = Math.max(MIN_KEYS, limitBytes / BYTES_PER_KEY);
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth += 1;
        if (depth > MAX_JSON_DEPTH) return `is nested deeper than ${MAX_JSON_DEPTH} levels`;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1;
        break;
      case COLON:
        keys += 1;
        if (keys > maxKeys) return `has more than ${maxKeys} keys`;
        break;
    }
  }
  return undefined;
}

/** The index of a string's closing quote, or the text's end. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
