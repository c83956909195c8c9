-- What is being bought. A sale at the till is an order too, under its own id.
create table payment_order (
  merchant_id uuid not null,
  order_id varchar(64) not null,
  request_hash bytea not null,
  currency char(3) not null,
  amount bigint not null check (amount > 0),
  customer_name varchar(100) not null,
  customer_email varchar(254),
  customer_phone varchar(20),
  items jsonb not null,
  created_at timestamptz not null default now(),
  -- given up: no payment is opened any more, and money that still comes goes to suspense
  cancelled_at timestamptz,
  primary key (merchant_id, order_id)
);

-- Collecting one sum for an order. States and moves: server/payments/payment.ts.
create table payment (
  merchant_id uuid not null,
  payment_id uuid not null,
  order_id varchar(64) not null,
  method varchar(20) not null,
  channel varchar(32) not null,
  provider varchar(20) not null,
  currency char(3) not null,
  amount bigint not null check (amount > 0),
  state varchar(10) not null,
  -- our reference at the provider, unique for ever
  merchant_ref varchar(64) not null,
  reference varchar(80),
  channel_name varchar(80),
  payer_amount bigint,
  fee_merchant bigint,
  fee_customer bigint,
  qr_string varchar(1024),
  pay_code varchar(80),
  checkout_url varchar(500),
  expires_at timestamptz,
  paid_at timestamptz,
  note varchar(300),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (merchant_id, payment_id),
  foreign key (merchant_id, order_id) references payment_order
);
create index payment_by_order on payment (merchant_id, order_id, payment_id);
create index payment_by_merchant_ref on payment (merchant_ref);
create index payment_by_reference on payment (provider, reference) where reference is not null;
create index payment_open on payment (state, updated_at) where state in ('created', 'pending', 'unknown');

-- Every believed notification, as it came, with what was made of it.
create table provider_notification (
  merchant_id uuid not null,
  notification_id uuid not null,
  provider varchar(20) not null,
  reference varchar(80) not null,
  status varchar(10) not null,
  payment_id uuid,
  outcome varchar(20) not null,
  body jsonb not null,
  received_at timestamptz not null default now(),
  primary key (merchant_id, notification_id)
);
create index provider_notification_reference on provider_notification (merchant_id, provider, reference);

-- Money that came in and fits no payment as agreed: booked to suspense until somebody applies or refunds it.
create table suspense_case (
  merchant_id uuid not null,
  case_id uuid not null,
  provider varchar(20) not null,
  reference varchar(80) not null,
  payment_id uuid,
  reason varchar(20) not null check (reason in ('late', 'short', 'over', 'orphan', 'double')),
  currency char(3) not null,
  amount bigint not null,
  transfer_id uuid not null,
  state varchar(10) not null default 'open' check (state in ('open', 'applied', 'refunded')),
  opened_at timestamptz not null default now(),
  primary key (merchant_id, case_id),
  unique (merchant_id, provider, reference)
);
