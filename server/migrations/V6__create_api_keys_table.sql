-- Keys of outside parties: shown once, kept as SHA-256.
create table api_keys (
  id uuid primary key,
  external_service_id uuid not null references external_services (id),
  key_name varchar(100) not null,
  key_hash varchar(64) not null unique,
  permissions varchar(30)[] not null default '{READ_TRANSACTIONS}'
    check (permissions <@ '{READ_TRANSACTIONS,READ_REPORTS}'::varchar(30)[]),
  rate_limit_count integer not null default 100 check (rate_limit_count > 0),
  rate_limit_unit varchar(6) not null default 'minute' check (rate_limit_unit in ('second', 'minute', 'hour', 'day')),
  expires_at timestamptz,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index api_keys_service on api_keys (external_service_id);
