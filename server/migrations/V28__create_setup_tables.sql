-- What lets somebody set up a shop where not everybody may, kept as SHA-256; printed on the server.
create table setup_code (
  code_hash bytea primary key,
  expires_at timestamptz not null,
  used_at timestamptz
);

-- How a merchant came to be, so that a set-up whose answer was lost is not done twice.
--   key_hash  SHA-256 of the Idempotency-Key
create table merchant_setup (
  merchant_id uuid primary key references merchant,
  key_hash bytea not null unique,
  outlet_id uuid not null,
  owner_id uuid not null,
  device_id uuid not null,
  set_up_at timestamptz not null default now(),
  foreign key (merchant_id, outlet_id) references outlet,
  foreign key (merchant_id, owner_id) references staff,
  foreign key (merchant_id, device_id) references device
);

-- The picture on the locked screen and on receipts; its id is its public name, another picture has another.
create table merchant_logo (
  merchant_id uuid primary key references merchant,
  logo_id uuid not null unique,
  content_type varchar(20) not null check (content_type in ('image/png', 'image/jpeg', 'image/webp')),
  content bytea not null check (length(content) <= 200000),
  set_at timestamptz not null default now()
);
-- pictures are compressed already
alter table merchant_logo alter column content set storage external;
