-- Giving back what was paid, in whole or in part. States and moves: server/payments/refund.ts.
create table refund (
  merchant_id uuid not null,
  refund_id uuid not null,
  payment_id uuid,
  -- a refund of money that never became a payment: out of suspense
  case_id uuid,
  order_id varchar(64),
  provider varchar(20) not null,
  -- our reference at the provider, unique for ever
  refund_ref varchar(64) not null,
  reference varchar(80),
  currency char(3) not null,
  amount bigint not null check (amount > 0),
  state varchar(10) not null,
  reason varchar(200) not null,
  requested_by varchar(80) not null,
  note varchar(300),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (merchant_id, refund_id),
  check ((payment_id is null) <> (case_id is null))
);
create index refund_by_payment on refund (merchant_id, payment_id) where payment_id is not null;
create index refund_by_case on refund (merchant_id, case_id) where case_id is not null;
create index refund_open on refund (state, updated_at) where state in ('created', 'pending', 'unknown');

-- Why this provider and channel were chosen: the candidates in order, each with its cost and what spoke against it.
alter table payment add column routing jsonb;

-- Who settled a case, when and how; `refunding`: its refund is on its way.
alter table suspense_case drop constraint suspense_case_state_check;
alter table suspense_case add check (state in ('open', 'applied', 'refunding', 'refunded'));
alter table suspense_case
  add column decided_by varchar(80),
  add column decided_at timestamptz,
  add column applied_to varchar(64);

-- Which provider is tried first, as data: the first rule that fits a payment names its providers in order. A null fits all.
create table routing_rule (
  merchant_id uuid not null,
  rule_id uuid not null,
  rank integer not null,
  method varchar(20),
  amount_from bigint,
  amount_to bigint,
  -- times of day in the merchant's zone; from above to spans midnight
  time_from time,
  time_to time,
  providers varchar(20)[] not null,
  is_active boolean not null default true,
  primary key (merchant_id, rule_id)
);

alter table sale add column refunded bigint not null default 0 check (refunded between 0 and total + rounding);
