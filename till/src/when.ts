import type { Language } from "./settings.ts";

const locale = (language: Language) => (language === "id" ? "id-ID" : "en-GB");

/** Receipt time in the outlet's zone: `21 Nov 2026, 14.32`. */
export function toMoment(time: string, language: Language, timeZone: string): string {
  return new Intl.DateTimeFormat(locale(language), {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone,
  }).format(new Date(time));
}

export function toClock(time: string, language: Language, timeZone: string): string {
  return new Intl.DateTimeFormat(locale(language), { timeStyle: "short", timeZone }).format(new Date(time));
}

/** The day of a time in the outlet's zone: `Sabtu, 21 November`. */
export function toDay(time: string, language: Language, timeZone: string): string {
  return new Intl.DateTimeFormat(locale(language), {
    weekday: "long",
    day: "numeric",
    month: "long",
    timeZone,
  }).format(new Date(time));
}

/** The weekday of a business day such as `2026-11-21`. */
export function toWeekday(day: string, language: Language): string {
  return new Intl.DateTimeFormat(locale(language), { weekday: "long", timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

export function toLongDay(day: string, language: Language): string {
  const form = { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(locale(language), form).format(new Date(`${day}T00:00:00Z`));
}

/** Seconds as `14:32`. */
export function toCountdown(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
