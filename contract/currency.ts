/**
 * The decimal places of minor units by ISO 4217 (list one, without funds and metals). Most currencies have
 * two.
 */
const TWO =
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY " +
  "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
  "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR " +
  "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG " +
  "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES " +
  "WST XCD XCG YER ZAR ZMW ZWG";
const EXPONENTS: ReadonlyArray<readonly [exponent: number, codes: string]> = [
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [2, TWO],
  [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
];

const exponents = new Map<string, number>(
  EXPONENTS.flatMap(([exponent, codes]) => codes.split(" ").map((code) => [code, exponent] as const)),
);

/** A checked ISO 4217 alphabetic code, such as `IDR`. */
export type Currency = string & { readonly __currency: true };

export const IDR = "IDR" as Currency;

/** All currencies with their exponents, in alphabetical order. */
export const currencies: ReadonlyArray<{ code: Currency; exponent: number }> = [...exponents]
  .map(([code, exponent]) => ({ code: code as Currency, exponent }))
  .sort((a, b) => (a.code < b.code ? -1 : 1));

export function checkedToCurrency(unchecked: unknown): Currency | undefined {
  return typeof unchecked === "string" && exponents.has(unchecked) ? (unchecked as Currency) : undefined;
}

/** Decimal places of the minor unit: 2 for IDR, 0 for JPY, 3 for KWD. */
export function exponentOf(currency: Currency): number {
  const exponent = exponents.get(currency);
  if (exponent === undefined) throw new Error(`currency ${currency} was never checked`);
  return exponent;
}
