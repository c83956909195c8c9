import type { EnrolledBody } from "@onegate/contract";
import { kept } from "./store.ts";

const place = kept(localStorage, "onegate.device.1");

/** The token of this till, if it is enrolled. */
export const keptDevice = () => place.read();

export function keepDevice(token: string | null): void {
  place.write(token);
}

/** The token of this till; in a sandbox it is enrolled at first use, as a till of the demo shop. */
export async function deviceToken(enrol: () => Promise<EnrolledBody>): Promise<string> {
  const known = place.read();
  if (known !== null) return known;
  const { token } = await enrol();
  place.write(token);
  return token;
}
