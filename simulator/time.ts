export type Clock = { now(): number };

/** The simulator's clock: a given clock plus a shift that the control API sets. Milliseconds. */
export class ShiftedClock implements Clock {
  readonly #clock: Clock;
  shiftMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.shiftMs;
  }

  /** Unix seconds. */
  seconds(): number {
    return Math.floor(this.now() / 1_000);
  }
}
