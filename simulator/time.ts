export type Clock = { now(): number };

/** The clock the simulator goes by: the one it was given, moved by what the control API asked for. Milliseconds. */
export class ShiftedClock implements Clock {
  readonly #clock: Clock;
  shiftMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.shiftMs;
  }

  /** Unix seconds, as Tripay tells time. */
  seconds(): number {
    return Math.floor(this.now() / 1_000);
  }
}
