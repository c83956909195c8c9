import { checkedToPhone, refuse, type Id, type Refusal } from "@onegate/contract";
import { domainToASCII } from "node:url";
import type { Clock, Database, IdMaker, Log, Tx } from "../../kernel/index.ts";
import type { Origin } from "../origin.ts";
import type { SecretBox } from "../secret-box.ts";
import type { Who } from "../audit/entry.ts";
import type { Refusals } from "../audit/refusals.ts";
import type { AccessTokens } from "./access-token.ts";
import type { Passwords } from "./password.ts";

/** What the verbs of this folder depend on. */
export type Users = {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly accessTokens: AccessTokens;
  readonly box: SecretBox;
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly log: Log;
  readonly refusals: Refusals;
  /** The merchant that wallet users act under: the first one. */
  readonly homeMerchant: () => Promise<Id | undefined>;
  /** Erases other modules' data of a user whose account is being closed, in the same transaction. */
  readonly onClosed: (tx: Tx, merchantId: Id, userId: Id) => Promise<void>;
};

/** A user's names, each of them unique. */
export type Names = { readonly username: string; readonly email: string; readonly phone: string };

export type Profile = Names & {
  readonly userId: Id;
  readonly hasTotp: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** What a password or a one-time code is checked against. */
export type Credentials = {
  readonly userId: Id;
  readonly passwordHash: string;
  readonly totp: { readonly secret: Buffer; readonly isConfirmed: boolean } | undefined;
  /** Whether the user has a session at the requesting address. */
  readonly isKnownAddress: boolean;
};

/** A user, or `anyone`, as an actor of the audit trail. */
export function userActor(merchantId: Id, actor: Id | "anyone", { address, requestId }: Origin): Who {
  return { merchantId, actor, deviceId: null, outletId: null, address, requestId };
}

/** The tokens that a sign-in or a refresh returns. */
export type Signed = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInS: number;
};

export type UserSession = {
  readonly sessionId: Id;
  readonly userAgent: string;
  readonly address: string;
  readonly createdAt: Date;
  readonly usedAt: Date;
};

/** The kinds of names by which a user is found. */
export type NameKind = keyof Names;

/** Begins with a letter, so that no username looks like a telephone number. */
const USERNAME = /^[a-z][a-z0-9._-]{2,49}$/;
const LOCAL_PART = /^[^\s\p{C}"(),:;<>@[\\\]]{1,64}$/u;
const DOMAIN = /^(?=.{3,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z][a-z0-9-]*[a-z0-9])$/;
const MAX_EMAIL_LENGTH = 254;
/** Longer input is refused without further processing. */
const MAX_CHARACTERS = 320;

function folded(unchecked: string): string {
  return unchecked.length > MAX_CHARACTERS ? "" : unchecked.normalize("NFKC").trim().toLowerCase();
}

/**
 * ` Andi.Contoh ` is `andi.contoh`: 3 to 50 letters, digits, dots, hyphens and underscores, the first a
 * letter.
 */
export function checkedToUsername(unchecked: string): string | Refusal {
  const username = folded(unchecked);
  return USERNAME.test(username) ? username : refuse("username_invalid");
}

/** `Andi@Contoh.ID` is `andi@contoh.id`; a domain in other scripts is kept in its ASCII form. */
export function checkedToEmail(unchecked: string): string | Refusal {
  const text = folded(unchecked);
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const domain = domainToASCII(text.slice(at + 1));
  const email = `${local}@${domain}`;
  return LOCAL_PART.test(local) && DOMAIN.test(domain) && email.length <= MAX_EMAIL_LENGTH
    ? email
    : refuse("email_invalid");
}

/**
 * Recognizes a telephone number, an e-mail address or a username, in this order. Nothing if it is none of
 * them.
 */
export function toSignInName(
  unchecked: string,
): { readonly kind: NameKind; readonly value: string } | undefined {
  const candidates = [
    ["phone", checkedToPhone(unchecked)],
    ["email", checkedToEmail(unchecked)],
    ["username", checkedToUsername(unchecked)],
  ] as const;
  for (const [kind, value] of candidates) if (typeof value === "string") return { kind, value };
  return undefined;
}
