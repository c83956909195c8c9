import { useEffect, useState } from "react";
import { useWords } from "../words.ts";

const LONG_MS = 2_500;

/** Appears when a sale has been without an answer for longer than usual. */
export function StillRecording() {
  const words = useWords();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!long) return null;
  return (
    <p className="unsure" role="alert">
      {words.stillRecording}
    </p>
  );
}
