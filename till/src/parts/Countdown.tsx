import { useEffect, useState } from "react";
import { serverNow } from "../clock.ts";
import { toCountdown } from "../when.ts";
import { useWords } from "../words.ts";

const RADIUS = 20;
const ROUND = 2 * Math.PI * RADIUS;

/** A ring that empties between `from` and `until`, with the time left by the server's clock. */
export function Countdown({ from, until }: { readonly from: string; readonly until: string }) {
  const words = useWords();
  const [now, setNow] = useState(() => serverNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const end = Date.parse(until);
  const left = Math.max(0, Math.ceil((end - now) / 1_000));
  const part = Math.min(1, Math.max(0, (end - now) / Math.max(1, end - Date.parse(from))));
  return (
    <span className="countdown" role="timer" aria-label={words.timeLeft(toCountdown(left))}>
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle className="countdown-track" cx="24" cy="24" r={RADIUS} />
        <circle
          className="countdown-left"
          cx="24"
          cy="24"
          r={RADIUS}
          strokeDasharray={ROUND}
          strokeDashoffset={ROUND * (1 - part)}
        />
      </svg>
      <span aria-hidden="true">{toCountdown(left)}</span>
    </span>
  );
}
