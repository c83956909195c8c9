-- Every access by an outside party, also a refused one; a key nobody knows leaves both references empty.
create table api_access_logs (
  id uuid primary key,
  external_service_id uuid references external_services (id),
  api_key_id uuid references api_keys (id),
  endpoint varchar(255) not null,
  http_method varchar(10) not null,
  ip_address inet,
  user_agent text,
  response_status integer not null,
  created_at timestamptz not null default now()
);
create index api_access_logs_service on api_access_logs (external_service_id, created_at);
