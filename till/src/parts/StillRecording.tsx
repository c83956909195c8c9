import { useEffect, useState } from "react";
import { useWords } from "../words.ts";

const LONG_MS = 2_500;

/** Appears when a sale has waited unusually long for the server's answer. */
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
