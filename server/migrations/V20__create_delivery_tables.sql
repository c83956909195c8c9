-- Where a merchant wants to hear of events. An endpoint is sent to by one worker at a time.
--   reason         why it is disabled: asked for, answered 410 Gone, or nothing but failures for a day
--   secret         signs; sealed with ONEGATE_SECRET_KEY, as is the one before, which signs too until old_secret_until
--   failures       in a row; failing_since is the first of them
--   rest_until     after failures in a row nothing is sent for a while
--   sending_until  a worker sends to it; past that time the worker is taken for dead
create table webhook_endpoint (
  merchant_id uuid not null,
  endpoint_id uuid not null,
  url varchar(2000) not null,
  description varchar(200) not null,
  topics varchar(64)[] not null,
  state varchar(10) not null check (state in ('active', 'disabled', 'deleted')),
  reason varchar(10) check (reason in ('asked', 'gone', 'failing')),
  secret bytea not null,
  old_secret bytea,
  old_secret_until timestamptz,
  created_by varchar(80) not null,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  failures integer not null default 0,
  failing_since timestamptz,
  rest_until timestamptz,
  sending_until timestamptz,
  primary key (merchant_id, endpoint_id),
  check ((state = 'disabled') = (disabled_at is not null)),
  check ((old_secret is null) = (old_secret_until is null))
) with (fillfactor = 70);

-- One message to one endpoint. Its id begins with the moment of the event, so that ids are in the order of time.
--   message_id   the webhook-id: the same for every endpoint and every try
--   body         what is sent, byte by byte, every time
--   tries        all of them; step counts those since begun_at, when it was written or last replayed
--   next_try_at  while it is tried: when; a worker that takes it moves it on, lest it be lost with the worker
create table webhook_delivery (
  merchant_id uuid not null,
  delivery_id uuid not null,
  endpoint_id uuid not null,
  message_id varchar(40) not null,
  topic varchar(64) not null,
  body text not null,
  state varchar(10) not null check (state in ('pending', 'failed', 'delivered', 'dead')),
  tries integer not null default 0,
  step integer not null default 0,
  begun_at timestamptz not null default now(),
  next_try_at timestamptz,
  last_status smallint,
  last_error varchar(12),
  last_ms integer,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  primary key (merchant_id, delivery_id),
  foreign key (merchant_id, endpoint_id) references webhook_endpoint on delete cascade,
  check ((state in ('pending', 'failed')) = (next_try_at is not null))
) with (fillfactor = 80);
create index webhook_delivery_endpoint on webhook_delivery (merchant_id, endpoint_id, delivery_id);
create index webhook_delivery_due on webhook_delivery (merchant_id, endpoint_id, next_try_at) where next_try_at is not null;
create index webhook_delivery_open on webhook_delivery (state, begun_at) include (merchant_id, endpoint_id) where state <> 'delivered';
create index webhook_delivery_age on webhook_delivery (created_at);

-- Each time a delivery was sent. Written before, completed after: without status and error it is on its way, or its worker died.
--   answer  the beginning of what the receiver answered, without what looks personal or secret
create table webhook_try (
  merchant_id uuid not null,
  delivery_id uuid not null,
  try integer not null,
  sent_at timestamptz not null default now(),
  status smallint,
  error varchar(12),
  ms integer,
  answer text,
  primary key (merchant_id, delivery_id, try),
  foreign key (merchant_id, delivery_id) references webhook_delivery on delete cascade
);
