-- Refresh tokens, as SHA-256; the token itself is known to its bearer alone.
create table authentications (
  token varchar(64) primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now()
);
create index authentications_user on authentications (user_id);
