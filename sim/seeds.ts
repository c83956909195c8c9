/** A seed worth a name, and why. */
export type NamedSeed = { readonly seed: number; readonly steps: number; readonly shows: string };

/** The seed that runs when none is given. */
export const USUAL_SEED = 20_260_105;

/** Seeds by name: what each exercises, or what it once showed. */
export const namedSeeds: Readonly<Record<string, NamedSeed>> = {
  "a-monday": { seed: USUAL_SEED, steps: 500, shows: "a bit of everything" },
};
