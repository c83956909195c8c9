const HALF = 4;
const CODE_LENGTH = 8;

/** `ABCD-EFGH` out of what was typed, pasted or came as an address; Crockford's letters, in which I, L and O are digits. */
export function toCode(typed: string): string {
  const plain = typed
    .replace(/^.*#[a-z]+=/, "")
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replace(/[IL]/g, "1")
    .replaceAll("O", "0")
    .slice(0, CODE_LENGTH);
  return plain.length > HALF ? `${plain.slice(0, HALF)}-${plain.slice(HALF)}` : plain;
}

export const isWholeCode = (code: string) => code.length === CODE_LENGTH + 1;
