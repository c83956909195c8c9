const POPULAR = new Set(["112233", "332211", "101010", "147258", "159753", "258456", "123654", "456123", "789456", "987456", "131313", "010203", "100000", "123000", "170845"]);

/** Whether a PIN is one of the first that anybody would try: one digit, a run, a repeated pair or triple, or a popular one. */
export function isSimplePin(pin: string): boolean {
  const steps = [...pin].slice(1).map((digit, i) => (Number(digit) - Number(pin.charAt(i)) + 10) % 10);
  if (steps.every((step) => step === steps[0] && (step <= 1 || step === 9))) return true;
  return pin.slice(0, 2).repeat(3) === pin || pin.slice(0, 3).repeat(2) === pin || POPULAR.has(pin);
}
