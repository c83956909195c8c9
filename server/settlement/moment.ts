/** The date formats in files. A time may follow each of them; `unix` is seconds since 1970. */
export const DATE_FORMATS = [
  "YYYY-MM-DD",
  "DD/MM/YYYY",
  "DD-MM-YYYY",
  "DD.MM.YYYY",
  "MM/DD/YYYY",
  "DD MMM YYYY",
  "unix",
] as const;
export type DateFormat = (typeof DATE_FORMATS)[number];

/** A day, and the time of that day if the file gives it: `YYYY-MM-DD`, `HH:MM:SS`. */
export type Moment = { readonly day: string; readonly time: string | null };

/** Months by their first three letters, in Indonesian and in English. */
const MONTHS: Readonly<Record<string, number>> = {
  jan: 1,
  feb: 2,
  mar: 3,
  apr: 4,
  mei: 5,
  may: 5,
  jun: 6,
  jul: 7,
  agu: 8,
  agt: 8,
  ags: 8,
  aug: 8,
  sep: 9,
  okt: 10,
  oct: 10,
  nov: 11,
  des: 12,
  dec: 12,
};

const PARTS: Readonly<Record<Exclude<DateFormat, "unix">, RegExp>> = {
  "YYYY-MM-DD": /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})/,
  "DD/MM/YYYY": /^(?<day>\d{1,2})\/(?<month>\d{1,2})\/(?<year>\d{4})/,
  "DD-MM-YYYY": /^(?<day>\d{1,2})-(?<month>\d{1,2})-(?<year>\d{4})/,
  "DD.MM.YYYY": /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})/,
  "MM/DD/YYYY": /^(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4})/,
  "DD MMM YYYY": /^(?<day>\d{1,2}) (?<name>[A-Za-z]{3,9})\.? (?<year>\d{4})/,
};
const TIME =
  /^(?:T|,? )(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d{1,6})?)?(?: ?(Z|[+-]\d{2}:?\d{2}|WIB|WITA|WIT))?$/;
const ZONES: Readonly<Record<string, string>> = { Z: "+00:00", WIB: "+07:00", WITA: "+08:00", WIT: "+09:00" };

/**
 * Reads a date by the first format that matches. A time with its own zone is converted to `timeZone`; a time
 * without one is taken to be in `timeZone`.
 */
export function readMoment(
  text: string,
  formats: readonly DateFormat[],
  timeZone: string,
): Moment | undefined {
  for (const format of formats) {
    const moment = format === "unix" ? readUnix(text, timeZone) : readDate(text, PARTS[format], timeZone);
    if (moment) return moment;
  }
  return undefined;
}

function readUnix(text: string, timeZone: string): Moment | undefined {
  return /^\d{9,10}$/.test(text) ? momentAt(Number(text) * 1_000, timeZone) : undefined;
}

function readDate(text: string, parts: RegExp, timeZone: string): Moment | undefined {
  const found = parts.exec(text);
  if (!found?.groups) return undefined;
  const { year = "", month, day = "", name } = found.groups;
  const number = month === undefined ? MONTHS[(name ?? "").slice(0, 3).toLowerCase()] : Number(month);
  const date = `${year}-${String(number ?? 0).padStart(2, "0")}-${day.padStart(2, "0")}`;
  if (!isDay(date)) return undefined;
  const rest = text.slice(found[0].length);
  if (rest === "") return { day: date, time: null };
  const [matched, hour = "", minute = "", second = "00", zone] = TIME.exec(rest) ?? [];
  if (matched === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return undefined;
  const time = `${hour.padStart(2, "0")}:${minute}:${second}`;
  if (zone === undefined) return { day: date, time };
  const instant = Date.parse(`${date}T${time}${ZONES[zone] ?? zone}`);
  return Number.isNaN(instant) ? undefined : momentAt(instant, timeZone);
}

/** Whether a text is an existing day, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^(?:19|20|21)\d{2}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** The day and time of an instant (milliseconds since 1970) in a zone. */
function momentAt(instant: number, timeZone: string): Moment {
  // the Swedish locale formats dates as ISO 8601 does
  const [day = "", time = ""] = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "medium",
  })
    .format(instant)
    .split(" ");
  return { day, time };
}
