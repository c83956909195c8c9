const POPULAR = new Set([
  "112233",
  "332211",
  "101010",
  "147258",
  "159753",
  "258456",
  "123654",
  "456123",
  "789456",
  "987456",
  "131313",
  "010203",
  "100000",
  "123000",
  "258369",
  "147369",
  "369258",
  "159357",
  "357159",
  "951753",
  "753951",
  "456852",
  "147852",
  "142536",
  "112358",
  "314159",
  "271828",
  "149162",
  "696969",
]);
const COUNTED_BY = [1, 2, 3, 4, 5, 10, 11, 15, 20, 25, 30];
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Whether a PIN is one that somebody who tries would try early: one digit, a run, an arithmetic or counted sequence
 * (`135791`, `246810`, `101112`), repeated or mirrored halves, a date (`280519`, `190528`,
 * `052819`, `051990`) or a popular one. A birthday is found in some thousands of tries, a PIN that is none in a million.
 */
export function isSimplePin(pin: string): boolean {
  const digits = [...pin].map(Number);
  const steps = digits.slice(1).map((digit, i) => (digit - (digits[i] ?? 0) + 10) % 10);
  if (steps.every((step) => step === steps[0])) return true;
  if (
    pin.slice(0, 2).repeat(3) === pin ||
    pin.slice(0, 3).repeat(2) === pin ||
    digits.toReversed().join("") === pin
  )
    return true;
  return POPULAR.has(pin) || isCounted(pin) || isDate(pin);
}

/** Numbers in a row, each as much more or less than the one before: `246810`, `101112`, `321098` is a run of digits instead. */
function isCounted(pin: string): boolean {
  for (const length of [1, 2]) {
    const first = Number(pin.slice(0, length));
    for (const size of COUNTED_BY)
      for (const step of [size, -size]) {
        let text = "";
        for (let n = first; text.length < pin.length && n >= 0; n += step) text += String(n);
        if (text === pin) return true;
      }
  }
  return false;
}

/** A day as it is written in six digits: day, month, year in the orders in use, or a month with its whole year. */
function isDate(pin: string): boolean {
  const [a, b, c] = [Number(pin.slice(0, 2)), Number(pin.slice(2, 4)), Number(pin.slice(4, 6))];
  const isDay = (day: number, month: number) => day >= 1 && day <= (DAYS_OF_MONTH[month - 1] ?? 0);
  const isMonth = (month: number, year: number) => month >= 1 && month <= 12 && year >= 1900 && year <= 2099;
  return (
    isDay(a, b) ||
    isDay(c, b) ||
    isDay(b, a) ||
    isMonth(a, Number(pin.slice(2))) ||
    isMonth(c, Number(pin.slice(0, 4)))
  );
}
