import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "../answer.ts";
import { letters, type Random } from "../random.ts";
import type { ShiftedClock } from "../time.ts";
import type { SnapAccount } from "./account.ts";
import { no, services, yes, type Service } from "./code.ts";
import { dayOf, isHmacOf, isRsaOf, readStamp, textOf } from "./signature.ts";

export type Incoming = {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
};

/** Seconds; the standard's 15 minutes. */
const TOKEN_S = 900;
/** The standard fixes no window for `X-TIMESTAMP`. */
const FRESH_MS = 5 * 60_000;

/**
 * Authenticates calls: tokens, symmetric and asymmetric signatures, and `X-EXTERNAL-ID`s, each accepted once
 * a day. Tokens and ids are not stored: after a restart every token is unknown.
 */
export class Gate {
  readonly #clock: ShiftedClock;
  readonly #random: Random;
  /** Token → its expiry, in the simulator's time. */
  readonly #tokens = new Map<string, number>();
  readonly #externalIds = new Set<string>();
  #day = 0;

  constructor(clock: ShiftedClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The last token that was issued, or an empty string. */
  get lastToken(): string {
    return [...this.#tokens.keys()].at(-1) ?? "";
  }

  /** Service 73. */
  token(account: SnapAccount, { headers, body }: Incoming): Answer {
    const service = services.token;
    const [timestamp, clientKey, signature] = [
      textIn(headers, "x-timestamp"),
      textIn(headers, "x-client-key"),
      textIn(headers, "x-signature"),
    ];
    if (!timestamp || !clientKey || !signature)
      return no(service, "field_missing", "X-TIMESTAMP, X-CLIENT-KEY or X-SIGNATURE");
    if (body["grantType"] !== "client_credentials") return no(service, "field_missing", "grantType");
    const unfresh = this.#unfresh(service, timestamp);
    if (unfresh) return unfresh;
    if (clientKey !== account.clientKey) return no(service, "unauthorized", "Unknown client");
    if (!isRsaOf(account.merchantPublicKey, `${clientKey}|${timestamp}`, signature))
      return no(service, "unauthorized", "Signature");
    const token = letters(this.#random, 40);
    this.#tokens.set(token, this.#clock.now() + TOKEN_S * 1_000);
    return yes(service, { accessToken: token, tokenType: "Bearer", expiresIn: String(TOKEN_S) });
  }

  /** Why a call is refused, in the order of the standard: fields, token, signature, external id. */
  refusalFor(account: SnapAccount, service: Service, { headers, path, body }: Incoming): Answer | undefined {
    const mandatory = ["x-timestamp", "x-signature", "x-partner-id", "x-external-id", "channel-id"];
    const missing = mandatory.find((name) => !textIn(headers, name));
    if (missing) return no(service, "field_missing", missing.toUpperCase());
    const [timestamp, signature, partnerId, externalId, channelId] = mandatory.map((name) =>
      textIn(headers, name),
    ) as [string, string, string, string, string];
    if (!/^[0-9A-Za-z]{1,36}$/.test(externalId)) return no(service, "field_invalid", "X-EXTERNAL-ID");
    if (!/^\d{5}$/.test(channelId)) return no(service, "field_invalid", "CHANNEL-ID");
    const unfresh = this.#unfresh(service, timestamp);
    if (unfresh) return unfresh;
    if (partnerId !== account.partnerId) return no(service, "unauthorized", "Unknown partner");

    const token =
      headers.authorization === undefined ? null : (/^Bearer (\S+)$/.exec(headers.authorization)?.[1] ?? "");
    if (token !== null && (this.#tokens.get(token) ?? 0) <= this.#clock.now())
      return no(service, "token_invalid");
    const text = textOf({ path, token, body, timestamp });
    const signed =
      token === null
        ? isRsaOf(account.merchantPublicKey, text, signature)
        : isHmacOf(account.clientSecret, text, signature);
    if (!signed) return no(service, "unauthorized", "Signature");
    return this.#isNew(`${partnerId}/${externalId}`) ? undefined : no(service, "external_id_used");
  }

  /** The callers' time, without the shift of the simulator's clock. */
  #callersNow(): number {
    return this.#clock.now() - this.#clock.shiftMs;
  }

  #unfresh(service: Service, timestamp: string): Answer | undefined {
    const at = readStamp(timestamp);
    if (at === undefined) return no(service, "field_invalid", "X-TIMESTAMP");
    return Math.abs(this.#callersNow() - at) > FRESH_MS
      ? no(service, "unauthorized", "X-TIMESTAMP")
      : undefined;
  }

  #isNew(name: string): boolean {
    const today = dayOf(this.#callersNow());
    if (today !== this.#day) this.#externalIds.clear();
    this.#day = today;
    if (this.#externalIds.has(name)) return false;
    this.#externalIds.add(name);
    return true;
  }
}

function textIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
