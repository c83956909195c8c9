-- Announcements, written in the transaction of the fact they announce. Numbers are handed out before commits happen, so
-- a reader goes by (xid, event_id) and reads only below the oldest transaction still running: none can appear behind it.
create table outbox_event (
  merchant_id uuid not null,
  event_id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  topic varchar(64) not null,
  subject varchar(80) not null,
  payload jsonb not null,
  occurred_at timestamptz not null default now(),
  primary key (merchant_id, event_id)
);
-- a batch's list of ids is long and soon read: compressing it costs more than it saves
alter table outbox_event alter column payload set storage external;
create index outbox_event_order on outbox_event (xid, event_id);

-- How far each durable consumer has read; moved in the transaction of what it did.
create table outbox_consumer (
  name varchar(64) primary key,
  xid xid8 not null default '0',
  event_id bigint not null default 0
);

-- Answers by (merchant, route, key), stored with the effect and replayed to whoever asks again.
create table idempotency_key (
  merchant_id uuid not null,
  route varchar(100) not null,
  key varchar(255) not null,
  request_hash bytea not null,
  status smallint,
  answer jsonb,
  created_at timestamptz not null default now(),
  primary key (merchant_id, route, key)
);
create index idempotency_key_age on idempotency_key (created_at);
