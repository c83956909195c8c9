/** The check digit of an EAN-13 for its first twelve digits (GS1 General Specifications, section 7.9). */
export function ean13CheckDigit(twelve: string): number {
  const sum = [...twelve].reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3),
    0,
  );
  return (10 - (sum % 10)) % 10;
}

/**
 * Whether a text is a GTIN of 8, 12, 13 or 14 digits with a correct check digit. Weights count from the
 * right.
 */
export function isGtin(text: string): boolean {
  if (!/^(?:[0-9]{8}|[0-9]{12,14})$/.test(text)) return false;
  const sum = [...text]
    .reverse()
    .reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

/**
 * Lengths of the canonical forms: GTIN-8, GTIN-13 and GTIN-14. A GTIN-12 (UPC-A) is a GTIN-13 with a leading
 * zero.
 */
const LENGTHS = [8, 13, 14] as const;

/**
 * The canonical form in which a GTIN is stored and compared: UPC-A 012345678905, EAN-13 0012345678905 and
 * GTIN-14 00012345678905 name the same article (GS1 General Specifications: leading zeros don't count). It
 * has the smallest of 8, 13 or 14 digits that fits. Spaces and hyphens are removed. `undefined` if the text
 * is not a GTIN.
 */
export function canonicalGtin(text: string): string | undefined {
  const digits = text.replaceAll(/[\s-]/g, "");
  if (!isGtin(digits)) return undefined;
  const significant = digits.replace(/^0+/, "");
  const length = LENGTHS.find((digitCount) => significant.length <= digitCount) ?? digits.length;
  return significant.padStart(length, "0");
}

/** The article with a scanned or typed code: a GTIN in any of its forms, or exactly the stored text. */
export function findByBarcode<T extends { readonly barcode: string | null }>(
  articles: readonly T[],
  code: string,
): T | undefined {
  const gtin = canonicalGtin(code);
  const canonical = gtin ?? code;
  // a catalogue fetched before codes were canonical may contain other forms
  return (
    articles.find(({ barcode }) => barcode === canonical) ??
    (gtin === undefined
      ? undefined
      : articles.find(({ barcode }) => barcode !== null && canonicalGtin(barcode) === gtin))
  );
}
