import { createHmac, timingSafeEqual } from "node:crypto";

export type Credential = {
  readonly apiKey: string;
  readonly privateKey: string;
  readonly merchantCode: string;
};

export const DEMO_CREDENTIAL: Credential = {
  apiKey: "DEV-onegate-demo",
  privateKey: "onegate-demo-private-key",
  merchantCode: "T0001",
};

/** Hex HMAC-SHA256, the only signature Tripay uses ("Signature", "Callback"). */
export function sign(privateKey: string, content: string | Uint8Array): string {
  return createHmac("sha256", privateKey).update(content).digest("hex");
}

/** The signature of a closed payment: over merchant code, merchant reference and amount, concatenated. */
export function signatureOfCreate(
  { privateKey, merchantCode }: Credential,
  merchantRef: string,
  amount: number,
): string {
  return sign(privateKey, `${merchantCode}${merchantRef}${amount}`);
}

export function sameText(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The credential that the bearer key of an `Authorization` header belongs to. */
export function credentialOf(
  header: string | undefined,
  credentials: readonly Credential[],
): Credential | undefined {
  const key = /^Bearer (\S+)$/i.exec(header ?? "")?.[1];
  return key === undefined ? undefined : credentials.find(({ apiKey }) => sameText(key, apiKey));
}
