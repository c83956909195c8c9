import { settings } from "./settings.ts";

/** Notes of a soft metallophone: hertz, start and length in seconds. */
const tunes = {
  scan: [[880, 0, 0.09]],
  unknown: [[220, 0, 0.18]],
  paid: [
    [587, 0, 0.32],
    [880, 0.11, 0.5],
  ],
} as const;

let context: AudioContext | undefined;

export function play(tune: keyof typeof tunes): void {
  if (!settings.get().sound || typeof AudioContext === "undefined") return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => undefined);
  const now = context.currentTime;
  for (const [hertz, start, length] of tunes[tune]) {
    const tone = new OscillatorNode(context, { type: "sine", frequency: hertz });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.linearRampToValueAtTime(0.12, now + start + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.0001, now + start + length);
    tone.connect(loudness).connect(context.destination);
    tone.start(now + start);
    tone.stop(now + start + length);
  }
}
