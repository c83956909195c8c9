alter table users
  -- sealed with ONEGATE_SECRET_KEY; asked for at sign-in from the moment its first code was confirmed
  add column totp_secret bytea,
  add column totp_confirmed_at timestamptz,
  -- the newest half minute since 1970 whose code was used, so that no code is taken twice
  add column totp_step bigint,
  -- closed: what was personal is gone, the id stays for the books
  add column closed_at timestamptz;

-- Where a user is signed in: one row a sign-in, found by its refresh tokens. A session that ends is deleted, and its tokens with it.
create table user_session (
  session_id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  user_agent varchar(200) not null,
  address inet not null,
  created_at timestamptz not null default now(),
  used_at timestamptz not null default now()
);
create index user_session_user on user_session (user_id, used_at);
create index user_session_age on user_session (used_at);

-- A refresh token is replaced at each use; one that comes back later was copied, and ends its session.
--   session_id   null for a token that nobody signed in for: it opens nothing
--   replaced_at  when its successor was handed out
--   successor    that successor, sealed with the token itself, so that only its bearer reads it
alter table authentications
  add column session_id uuid references user_session on delete cascade,
  add column expires_at timestamptz not null default now() + interval '30 days',
  add column replaced_at timestamptz,
  add column successor bytea;
create index authentications_session on authentications (session_id);
create index authentications_expiry on authentications (expires_at);

-- Tries at a password that were not right, each forgotten after a while. The subject is a SHA-256: of an account with an
-- address, of an account, or of an address.
create table sign_in_try (
  subject varchar(64) primary key,
  tries integer not null default 0,
  delayed_until timestamptz,
  tried_at timestamptz not null default now()
);
create index sign_in_try_age on sign_in_try (tried_at);

-- Keys that sign access tokens. The private half is sealed with ONEGATE_SECRET_KEY. A retired key signs no more, and
-- stays until what it signed has expired.
create table signing_key (
  kid varchar(43) primary key,
  public_jwk jsonb not null,
  private_jwk bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
create unique index signing_key_current on signing_key ((true)) where retired_at is null;
