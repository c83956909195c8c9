-- Roles that a merchant made itself. What rights there are, and which a role of a merchant may hold: server/identity/rights.ts.
create table staff_role (
  merchant_id uuid not null references merchant,
  role_id uuid not null,
  name varchar(60) not null,
  rights varchar(40)[] not null,
  created_at timestamptz not null default now(),
  primary key (merchant_id, role_id)
);
create unique index staff_role_name on staff_role (merchant_id, lower(name));

-- A till, in the browser that was enrolled. It decides the merchant and the outlet. Its token is kept as SHA-256.
--   enrolled_by    the staff member whose code it was; null: set up, or a demo till
--   last_seen_at   to the minute
--   wrong_pins     of all persons, within an hour since wrong_since
create table device (
  merchant_id uuid not null,
  device_id uuid not null,
  outlet_id uuid not null,
  name varchar(60) not null,
  token_hash bytea not null unique,
  enrolled_by uuid,
  enrolled_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  last_address inet,
  revoked_at timestamptz,
  revoked_by uuid,
  revoked_reason varchar(10) check (revoked_reason in ('lost', 'replaced', 'other')),
  wrong_pins integer not null default 0,
  wrong_since timestamptz,
  delayed_until timestamptz,
  primary key (merchant_id, device_id),
  foreign key (merchant_id, outlet_id) references outlet,
  check ((revoked_at is null) = (revoked_reason is null))
);

-- What enrols one device, kept as SHA-256: `device` by who may manage devices, `owner` by who has the server, to let an
-- owner in whose devices or PIN are gone.
create table device_code (
  merchant_id uuid not null,
  code_hash bytea not null,
  purpose varchar(6) not null check (purpose in ('device', 'owner')),
  outlet_id uuid not null,
  name varchar(60) not null,
  made_by uuid,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (merchant_id, code_hash),
  foreign key (merchant_id, outlet_id) references outlet
);
create unique index device_code_hash on device_code (code_hash);
create index device_code_expiry on device_code (expires_at);

alter table staff
  drop constraint staff_role_check,
  add check (role in ('owner', 'manager', 'cashier', 'custom')),
  add column role_id uuid,
  add check ((role = 'custom') = (role_id is not null)),
  add foreign key (merchant_id, role_id) references staff_role,
  -- the next session may only set another PIN
  add column must_change_pin boolean not null default false,
  -- wrong PINs on all devices, within a day since then
  add column wrong_since timestamptz,
  drop column delayed_until;
update staff set wrong_pins = 0;

-- A person's tries at a PIN on a device: what the delay grows by.
--   wrong_pins   in a row
--   unlocked_at  the last right one: within 30 days the device is one that the person is known on
create table pin_try (
  merchant_id uuid not null,
  staff_id uuid not null,
  device_id uuid not null,
  wrong_pins integer not null default 0,
  delayed_until timestamptz,
  unlocked_at timestamptz,
  primary key (merchant_id, staff_id, device_id),
  foreign key (merchant_id, staff_id) references staff,
  foreign key (merchant_id, device_id) references device
);

-- A session belongs to its device; those from before have none and end.
delete from staff_session;
alter table staff_session
  add column session_id uuid not null,
  add column device_id uuid not null,
  -- opened with a PIN that must be changed: good for that alone
  add column pin_change_only boolean not null default false,
  add column address inet,
  add unique (merchant_id, session_id),
  add foreign key (merchant_id, device_id) references device on delete cascade;
create index staff_session_device on staff_session (merchant_id, device_id);
