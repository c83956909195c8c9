const HALF = 4;
const CODE_LENGTH = 8;

/**
 * Reads a code such as `ABCD-EFGH` from text that was typed or pasted, or from an address. The alphabet is
 * Crockford's Base32, in which I and L mean 1 and O means 0.
 */
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
