/** Readers of unchecked fields and headers that the protocols share. */
export type Row = Readonly<Record<string, unknown>>;

export function asRow(unchecked: unknown): Row {
  return typeof unchecked === "object" && unchecked !== null && !Array.isArray(unchecked)
    ? (unchecked as Row)
    : {};
}

export function textIn(row: Row, name: string): string | undefined {
  const value = row[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** A whole number above zero, as a JSON number. */
export function wholeIn(row: Row, name: string): number | undefined {
  const value = row[name];
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/**
 * The key of HTTP Basic authentication, which clients of Midtrans and Xendit send as user name with an empty
 * password.
 */
export function basicKey(header: string | undefined): string | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "")?.[1];
  const [key, password] =
    encoded === undefined ? [] : Buffer.from(encoded, "base64").toString("utf8").split(":");
  return key !== undefined && key !== "" && password === "" ? key : undefined;
}

export function headerText(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && header !== "" ? header : undefined;
}

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
