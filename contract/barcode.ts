/** The check digit of an EAN-13 for its first twelve digits (GS1 General Specifications, section 7.9). */
export function ean13CheckDigit(twelve: string): number {
  const sum = [...twelve].reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3),
    0,
  );
  return (10 - (sum % 10)) % 10;
}

/** Whether digits are a GTIN of any length (8, 12, 13, 14) with the check digit that they need; the weights begin at the right. */
export function isGtin(text: string): boolean {
  if (!/^(?:[0-9]{8}|[0-9]{12,14})$/.test(text)) return false;
  const sum = [...text]
    .reverse()
    .reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

/** What GTINs are numbers of: GTIN-8, GTIN-13 and GTIN-14. A GTIN-12 (UPC-A) is a GTIN-13 that begins with a nought. */
const LENGTHS = [8, 13, 14] as const;

/**
 * The one form in which a GTIN is kept and compared: UPC-A 012345678905, EAN-13 0012345678905 and GTIN-14 00012345678905 name
 * the same article (GS1 General Specifications: noughts before a GTIN don't count). It is the shortest of 8, 13 or 14 digits
 * that holds it. Spaces and hyphens are left out; undefined where it is no GTIN.
 */
export function canonicalGtin(text: string): string | undefined {
  const digits = text.replaceAll(/[\s-]/g, "");
  if (!isGtin(digits)) return undefined;
  const significant = digits.replace(/^0+/, "");
  const length = LENGTHS.find((one) => significant.length <= one) ?? digits.length;
  return significant.padStart(length, "0");
}

/** The article that a scanned or typed code means: a GTIN in any of its forms, or exactly what was kept. */
export function findByBarcode<T extends { readonly barcode: string | null }>(
  articles: readonly T[],
  code: string,
): T | undefined {
  const gtin = canonicalGtin(code);
  const kept = gtin ?? code;
  // a catalogue that was fetched before codes had one form may hold others
  return (
    articles.find(({ barcode }) => barcode === kept) ??
    (gtin === undefined
      ? undefined
      : articles.find(({ barcode }) => barcode !== null && canonicalGtin(barcode) === gtin))
  );
}
