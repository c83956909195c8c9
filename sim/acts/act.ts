import type { Random } from "../random.ts";
import type { Stage } from "../stage.ts";

/**
 * One thing that happens in the world. It returns a line for the history, which depends on the seed alone.
 */
export type Act = {
  readonly name: string;
  readonly weight: number;
  readonly run: (stage: Stage, random: Random) => Promise<string>;
};
