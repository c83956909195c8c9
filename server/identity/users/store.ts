import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { JWK } from "jose";
import { sql } from "kysely";
import { codeOf, type Executor, type Tx } from "../../kernel/index.ts";
import type { Origin } from "../origin.ts";
import type { Credentials, NameKind, Names, Profile, UserSession } from "./user.ts";

// users

const TAKEN = {
  users_username_key: "username_taken",
  users_email_key: "email_taken",
  users_phone_key: "phone_taken",
} as const;

/** The refusal for a name that another user has, if that is why a statement failed. Rethrows other errors. */
export function takenBy(error: unknown): Refusal {
  const constraint =
    typeof error === "object" && error !== null && "constraint" in error ? error.constraint : undefined;
  if (codeOf(error) !== "23505" || typeof constraint !== "string" || !Object.hasOwn(TAKEN, constraint))
    throw error;
  return refuse(TAKEN[constraint as keyof typeof TAKEN]);
}

/** Refuses `username_taken`, `email_taken`, `phone_taken`, in this order. */
export async function insertUser(
  executor: Executor,
  userId: Id,
  { username, email, phone }: Names,
  passwordHash: string,
): Promise<Refusal | undefined> {
  try {
    await sql`
      insert into users (id, username, email, phone, password)
      values (${userId}, ${username}, ${email}, ${phone}, ${passwordHash})`.execute(executor);
    return undefined;
  } catch (error) {
    return takenBy(error);
  }
}

/**
 * Refuses the first name that is taken, in the order username, e-mail, phone. Checked before hashing a
 * password.
 */
export async function selectTaken(
  executor: Executor,
  { username, email, phone }: Names,
): Promise<Refusal | undefined> {
  const { rows } = await sql<{ username: boolean | null; email: boolean | null; phone: boolean | null }>`
    select bool_or(username = ${username}) as username, bool_or(email = ${email}) as email,
           bool_or(phone = ${phone}) as phone
      from users where username = ${username} or email = ${email} or phone = ${phone}`.execute(executor);
  const kind = (["username", "email", "phone"] as const).find((name) => rows[0]?.[name]);
  return kind && refuse(`${kind}_taken`);
}

/** The credentials of an open account, by one of the user's names or by id. */
export async function selectCredentials(
  executor: Executor,
  by: NameKind | "id",
  value: string,
  address: string,
): Promise<Credentials | undefined> {
  const { rows } = await sql<{
    id: Id;
    password: string;
    totp_secret: Buffer | null;
    is_confirmed: boolean;
    is_known_address: boolean;
  }>`
    select u.id, u.password, u.totp_secret, u.totp_confirmed_at is not null as is_confirmed,
           exists (select from user_session s
                    where s.user_id = u.id and s.address = ${address}::inet) as is_known_address
      from users u where u.${sql.ref(by)} = ${value} and u.closed_at is null`.execute(executor);
  const [row] = rows;
  return (
    row && {
      userId: row.id,
      passwordHash: row.password,
      totp: row.totp_secret ? { secret: row.totp_secret, isConfirmed: row.is_confirmed } : undefined,
      isKnownAddress: row.is_known_address,
    }
  );
}

/**
 * Locks the user until the transaction ends. Returns whether the password is still the one that was proven.
 */
export async function lockUser(tx: Tx, userId: Id, passwordHash: string): Promise<boolean> {
  const { rows } = await sql`
    select from users
     where id = ${userId} and password = ${passwordHash} and closed_at is null for no key update`.execute(tx);
  return rows.length > 0;
}

export async function selectProfile(executor: Executor, userId: Id): Promise<Profile | undefined> {
  const { rows } = await sql<{
    id: Id;
    username: string;
    email: string;
    phone: string;
    has_totp: boolean;
    created_at: Date;
    updated_at: Date;
  }>`
    select id, username, email, phone, totp_confirmed_at is not null as has_totp, created_at, updated_at
      from users where id = ${userId} and closed_at is null`.execute(executor);
  const [row] = rows;
  return (
    row && {
      userId: row.id,
      username: row.username,
      email: row.email,
      phone: row.phone,
      hasTotp: row.has_totp,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }
  );
}

/** Changes the given names. A name that is taken is an error (see `takenBy`), which ends the transaction. */
export async function updateNames(tx: Tx, userId: Id, names: Partial<Names>): Promise<void> {
  await sql`
    update users
       set username = coalesce(${names.username ?? null}, username),
           email = coalesce(${names.email ?? null}, email),
           phone = coalesce(${names.phone ?? null}, phone), updated_at = now()
     where id = ${userId} and closed_at is null`.execute(tx);
}

export async function updatePassword(tx: Tx, userId: Id, passwordHash: string): Promise<void> {
  await sql`update users set password = ${passwordHash}, updated_at = now() where id = ${userId}`.execute(tx);
}

/**
 * Overwrites personal data with texts that no valid name can equal. The row stays, because the books refer to
 * it.
 */
export async function eraseUser(tx: Tx, userId: Id): Promise<void> {
  await sql`
    update users
       set username = '#' || id, email = '#' || id, phone = '#' || right(replace(id::text, '-', ''), 19),
           password = '#', totp_secret = null, totp_confirmed_at = null, totp_step = null,
           closed_at = now(), updated_at = now()
     where id = ${userId}`.execute(tx);
}

// one-time codes

/** Stores a new secret. Returns false if the user already has a confirmed one. */
export async function updateTotpSecret(executor: Executor, userId: Id, secret: Buffer): Promise<boolean> {
  const { rows } = await sql`
    update users set totp_secret = ${secret}, totp_step = null, updated_at = now()
     where id = ${userId} and totp_confirmed_at is null and closed_at is null returning id`.execute(executor);
  return rows.length > 0;
}

/**
 * Uses the code of a 30-second step, once. The first use confirms the secret. Returns false if it was used
 * already.
 */
export async function useTotpStep(
  executor: Executor,
  userId: Id,
  secret: Buffer,
  step: number,
): Promise<boolean> {
  const { rows } = await sql`
    update users set totp_step = ${step}, totp_confirmed_at = coalesce(totp_confirmed_at, now())
     where id = ${userId} and totp_secret = ${secret} and coalesce(totp_step, 0) < ${step}
    returning id`.execute(executor);
  return rows.length > 0;
}

export async function deleteTotp(executor: Executor, userId: Id): Promise<void> {
  await sql`
    update users
       set totp_secret = null, totp_confirmed_at = null, totp_step = null, updated_at = now()
     where id = ${userId}`.execute(executor);
}

// sessions

export async function insertUserSession(
  tx: Tx,
  sessionId: Id,
  userId: Id,
  { address, userAgent }: Origin,
  maxSessions: number,
): Promise<void> {
  await sql`
    insert into user_session (session_id, user_id, user_agent, address)
    values (${sessionId}, ${userId}, ${userAgent}, ${address}::inet)`.execute(tx);
  await sql`
    delete from user_session where session_id in (
      select session_id from user_session
       where user_id = ${userId}
       order by used_at desc, session_id desc offset ${maxSessions})`.execute(tx);
}

export async function selectUserSessions(executor: Executor, userId: Id): Promise<UserSession[]> {
  const { rows } = await sql<{
    session_id: Id;
    user_agent: string;
    address: string;
    created_at: Date;
    used_at: Date;
  }>`
    select session_id, user_agent, host(address) as address, created_at, used_at from user_session
     where user_id = ${userId} order by used_at desc, session_id`.execute(executor);
  return rows.map((row) => ({
    sessionId: row.session_id,
    userAgent: row.user_agent,
    address: row.address,
    createdAt: row.created_at,
    usedAt: row.used_at,
  }));
}

export async function isUserSessionOpen(executor: Executor, userId: Id, sessionId: Id): Promise<boolean> {
  const { rows } = await sql`
    select from user_session where session_id = ${sessionId} and user_id = ${userId}`.execute(executor);
  return rows.length > 0;
}

export async function updateSessionUse(tx: Tx, sessionId: Id, { address, userAgent }: Origin): Promise<void> {
  await sql`
    update user_session
       set used_at = now(), address = ${address}::inet, user_agent = ${userAgent}
     where session_id = ${sessionId}`.execute(tx);
}

/** Returns whether the user had such a session. */
export async function deleteUserSession(executor: Executor, userId: Id, sessionId: Id): Promise<boolean> {
  const { rows } = await sql`
    delete from user_session
     where session_id = ${sessionId} and user_id = ${userId}
    returning session_id`.execute(executor);
  return rows.length > 0;
}

/** Ends all sessions of a user except one. */
export async function deleteOtherSessions(tx: Tx, userId: Id, sessionId: Id | null): Promise<void> {
  await sql`
    delete from user_session
     where user_id = ${userId} and session_id is distinct from ${sessionId}`.execute(tx);
}

/** Ends the session of a refresh token, if any. */
export async function deleteSessionOf(executor: Executor, tokenHash: string): Promise<void> {
  await sql`
    delete from user_session
     where session_id = (
       select session_id from authentications where token = ${tokenHash})`.execute(executor);
}

// refresh tokens

export async function insertRefreshToken(
  tx: Tx,
  tokenHash: string,
  userId: Id,
  sessionId: Id,
  days: number,
): Promise<void> {
  await sql`
    insert into authentications (token, user_id, session_id, expires_at)
    values (${tokenHash}, ${userId}, ${sessionId}, now() + make_interval(days => ${days}))`.execute(tx);
}

export type RefreshToken = {
  readonly userId: Id;
  readonly sessionId: Id;
  /**
   * Set if it was replaced: the encrypted successor, and whether that was recent enough for an honest repeat.
   */
  readonly replaced: { readonly successor: Buffer; readonly isRecent: boolean } | undefined;
};

/**
 * Finds a refresh token that has not expired and locks its session, so that concurrent requests run in turn.
 */
export async function lockRefreshToken(
  tx: Tx,
  tokenHash: string,
  graceSeconds: number,
): Promise<RefreshToken | undefined> {
  await sql`
    select from user_session
     where session_id = (select session_id from authentications where token = ${tokenHash})
       for update`.execute(tx);
  // a separate statement, so that it sees what the previous holder of the lock wrote
  const { rows } = await sql<{ user_id: Id; session_id: Id; successor: Buffer | null; is_recent: boolean }>`
    select user_id, session_id, successor,
           coalesce(replaced_at > clock_timestamp() - make_interval(secs => ${graceSeconds}), false)
             as is_recent
      from authentications
     where token = ${tokenHash} and session_id is not null and expires_at > clock_timestamp()`.execute(tx);
  const [row] = rows;
  return (
    row && {
      userId: row.user_id,
      sessionId: row.session_id,
      replaced: row.successor ? { successor: row.successor, isRecent: row.is_recent } : undefined,
    }
  );
}

export async function updateReplaced(tx: Tx, tokenHash: string, successor: Buffer): Promise<void> {
  await sql`
    update authentications set replaced_at = clock_timestamp(), successor = ${successor}
     where token = ${tokenHash}`.execute(tx);
}

/** Deletes expired refresh tokens, sessions without any, and tries older than a day. */
export async function deleteExpired(executor: Executor): Promise<void> {
  await sql`delete from authentications where expires_at < now()`.execute(executor);
  await sql`
    delete from user_session s where used_at < now() - interval '1 day'
       and not exists (select from authentications a where a.session_id = s.session_id)`.execute(executor);
  await sql`delete from sign_in_try where tried_at < now() - interval '1 day'`.execute(executor);
}

// tries

/**
 * A limit on tries: `free` cause no delay, then the pauses double up to `longestSeconds`; one try is
 * forgotten per `longestSeconds`.
 */
export type Limit = { readonly subject: string; readonly free: number; readonly longestSeconds: number };

/**
 * Locks the subjects in a fixed order, to avoid deadlocks, and returns the longest remaining wait in seconds.
 */
export async function lockTries(tx: Tx, limits: readonly Limit[]): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    insert into sign_in_try (subject)
    select * from unnest(${limits.map(({ subject }) => subject)}::text[]) as s (subject) order by 1
    on conflict (subject) do update set subject = excluded.subject
    returning greatest(0,
      ceil(extract(epoch from coalesce(delayed_until, clock_timestamp()) - clock_timestamp()))
    )::int as seconds`.execute(tx);
  return Math.max(0, ...rows.map(({ seconds }) => seconds));
}

/** The seconds that a subject still has to wait. Counts nothing. */
export async function selectWait(executor: Executor, { subject }: Limit): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select greatest(0, ceil(extract(epoch from delayed_until - clock_timestamp())))::int as seconds
      from sign_in_try where subject = ${subject} and delayed_until is not null`.execute(executor);
  return rows[0]?.seconds ?? 0;
}

export async function updateTries(tx: Tx, limits: readonly Limit[]): Promise<void> {
  await sql`
    update sign_in_try t
       set tries = x.tries, tried_at = clock_timestamp(),
           delayed_until = case when x.tries > x.free
             then clock_timestamp()
                  + least(power(2, least(x.tries - x.free - 1, 20)), x.longest) * interval '1 second' end
      from (select t.subject, u.free, u.longest,
                   1 + greatest(0, t.tries
                     - floor(extract(epoch from clock_timestamp() - t.tried_at) / u.longest))::int as tries
              from unnest(${limits.map(({ subject }) => subject)}::text[],
                          ${limits.map(({ free }) => free)}::int[],
                          ${limits.map(({ longestSeconds }) => longestSeconds)}::int[])
                   as u (subject, free, longest)
              join sign_in_try t using (subject)) x
     where t.subject = x.subject`.execute(tx);
}

export async function deleteTries(executor: Executor, limits: readonly Limit[]): Promise<void> {
  await sql`
    delete from sign_in_try
     where subject = any (${limits.map(({ subject }) => subject)}::text[])`.execute(executor);
}

// keys

const KEY_SIGNS = "30 days";
/**
 * A replica may sign with a retired key until it reads the keys again, and its tokens live for 15 minutes
 * more.
 */
const KEY_STAYS = "1 hour";

export async function hasCurrentKey(executor: Executor): Promise<boolean> {
  const { rows } = await sql`
    select from signing_key
     where retired_at is null and created_at > now() - ${KEY_SIGNS}::interval`.execute(executor);
  return rows.length > 0;
}

export async function retireOldKey(tx: Tx): Promise<void> {
  await sql`
    update signing_key set retired_at = now()
     where retired_at is null and created_at <= now() - ${KEY_SIGNS}::interval`.execute(tx);
}

/** Does nothing if another replica was first. */
export async function insertSigningKey(
  tx: Tx,
  kid: string,
  publicJwk: JWK,
  privateJwk: Buffer,
): Promise<void> {
  await sql`
    insert into signing_key (kid, public_jwk, private_jwk)
    values (${kid}, ${JSON.stringify(publicJwk)}::jsonb, ${privateJwk})
    on conflict do nothing`.execute(tx);
}

export async function selectSigningKeys(
  executor: Executor,
): Promise<Array<{ kid: string; publicJwk: JWK; privateJwk: Buffer; isRetired: boolean }>> {
  const { rows } = await sql<{ kid: string; public_jwk: JWK; private_jwk: Buffer; is_retired: boolean }>`
    select kid, public_jwk, private_jwk, retired_at is not null as is_retired
      from signing_key order by created_at desc, kid`.execute(executor);
  return rows.map((row) => ({
    kid: row.kid,
    publicJwk: row.public_jwk,
    privateJwk: row.private_jwk,
    isRetired: row.is_retired,
  }));
}

export async function deleteOldKeys(executor: Executor): Promise<void> {
  await sql`delete from signing_key where retired_at < now() - ${KEY_STAYS}::interval`.execute(executor);
}
