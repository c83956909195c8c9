create table merchant (
  merchant_id uuid primary key,
  name varchar(100) not null,
  currency char(3) not null references currency (code),
  is_demo boolean not null default false,
  created_at timestamptz not null default now()
);

create table outlet (
  merchant_id uuid not null references merchant,
  outlet_id uuid not null,
  name varchar(100) not null,
  address varchar(300) not null,
  phone varchar(20) not null,
  time_zone varchar(40) not null default 'Asia/Jakarta',
  -- a sale belongs to the business day that began at this time of day
  day_begins time not null default '00:00',
  -- {name, rate_basis_points, base_numerator, base_denominator, included}; null: the shop charges no tax
  tax jsonb,
  -- {unit, direction}: what a cash total is rounded to, in minor units
  cash_rounding jsonb not null default '{"unit": 0, "direction": "down"}',
  receipt_code varchar(8) not null,
  receipt_header varchar(300) not null default '',
  receipt_footer varchar(300) not null default '',
  primary key (merchant_id, outlet_id)
);

create table staff (
  merchant_id uuid not null references merchant,
  staff_id uuid not null,
  outlet_id uuid not null,
  name varchar(100) not null,
  role varchar(10) not null check (role in ('owner', 'manager', 'cashier')),
  pin_hash varchar(255) not null,
  wrong_pins integer not null default 0,
  delayed_until timestamptz,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  primary key (merchant_id, staff_id),
  foreign key (merchant_id, outlet_id) references outlet
);

-- An unlocked till. The token is kept as SHA-256.
create table staff_session (
  token_hash bytea primary key,
  merchant_id uuid not null,
  staff_id uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  foreign key (merchant_id, staff_id) references staff on delete cascade
);
create index staff_session_staff on staff_session (merchant_id, staff_id);
create index staff_session_expiry on staff_session (expires_at);
