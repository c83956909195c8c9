/** The check digit of an EAN-13 for its first twelve digits (GS1 General Specifications, section 7.9). */
export function ean13CheckDigit(twelve: string): number {
  const sum = [...twelve].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return (10 - (sum % 10)) % 10;
}

export function isEan13(text: string): boolean {
  return /^[0-9]{13}$/.test(text) && ean13CheckDigit(text.slice(0, 12)) === Number(text[12]);
}

/** Whether digits are a GTIN of any length (8, 12, 13, 14) with the check digit that they need; the weights begin at the right. */
export function isGtin(text: string): boolean {
  if (!/^(?:[0-9]{8}|[0-9]{12,14})$/.test(text)) return false;
  const sum = [...text].reverse().reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}
