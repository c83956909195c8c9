-- Keys with which a merchant's own programs use the gateway: shown once, kept as SHA-256.
--   mode    test works in a sandbox, live in production
--   prefix  the beginning of the key, by which people tell their keys apart
create table merchant_key (
  merchant_id uuid not null references merchant,
  key_id uuid not null,
  name varchar(100) not null,
  mode varchar(4) not null check (mode in ('test', 'live')),
  scopes varchar(40)[] not null check (cardinality(scopes) > 0),
  prefix varchar(20) not null,
  key_hash bytea not null unique,
  created_by varchar(80) not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by varchar(80),
  primary key (merchant_id, key_id),
  check ((revoked_at is null) = (revoked_by is null))
);
