-- Outside parties that may read histories, such as a regulator.
create table external_services (
  id uuid primary key,
  company varchar(100) not null unique,
  service_type varchar(50) not null default 'HISTORICAL_TRANSACTION',
  contact_email varchar(254) not null,
  description text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
