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
 * Whether a PIN is easy to guess: one repeated digit, a run, an arithmetic or counted sequence (`135791`,
 * `246810`, `101112`), repeated or mirrored halves, a date (`280519`, `190528`, `052819`, `051990`) or a
 * popular PIN. Guessing a birthday takes some thousands of tries, any other PIN up to a million.
 */
export function isGuessablePin(pin: string): boolean {
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

/** Whether a PIN is a sequence of numbers with a constant step, such as `246810` or `101112`. */
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

/**
 * Whether a PIN is a date in six digits: day, month and year in a usual order, or a month with a full year.
 */
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
