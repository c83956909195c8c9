-- What users do with their wallets. The money is in the ledger; this is what was wanted and how far it got.
-- States and moves: server/wallets/operation.ts.
create table wallet_operation (
  merchant_id uuid not null,
  -- UUIDv7; ids of its transfers keep its moment
  operation_id uuid not null,
  user_id uuid not null,
  account_id uuid not null,
  kind varchar(10) not null check (kind in ('TOPUP', 'PAYMENT', 'TRANSFER', 'REFUND', 'WITHDRAWAL')),
  state varchar(9) not null check (state in ('PENDING', 'SUCCESS', 'FAILED', 'CANCELLED')),
  step varchar(10) not null,
  currency char(3) not null,
  amount bigint not null check (amount > 0),
  -- what moved so far: all of a transfer, the captured parts of a hold
  settled bigint not null default 0 check (settled between 0 and amount),
  -- what was given back of that
  refunded bigint not null default 0 check (refunded between 0 and amount),
  -- the balance when this was written last, for histories of what moved nothing
  balance_seen bigint not null,
  counter_account_id uuid,
  -- the hold behind a payment in two steps or a withdrawal, and when it ends by itself
  hold_id uuid,
  hold_expires_at timestamptz,
  payment_method varchar(20),
  external_reference varchar(80),
  description varchar(200),
  original_id uuid,
  -- where a withdrawal goes: bank, number and name of the account there
  payout jsonb,
  decided_by varchar(80),
  note varchar(200),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (merchant_id, operation_id)
);
create index wallet_operation_user on wallet_operation (user_id, operation_id) where state <> 'SUCCESS';
create index wallet_operation_account on wallet_operation (merchant_id, account_id) where state = 'PENDING';
create index wallet_operation_open on wallet_operation (kind, step, operation_id) where state = 'PENDING';

-- Limits as data, in minor units; null: none. The first that fits: the merchant's own, then everybody's (the nil merchant).
create table wallet_limit (
  merchant_id uuid not null,
  kind varchar(10) not null,
  currency char(3) not null,
  per_transaction bigint,
  per_day bigint,
  per_month bigint,
  primary key (merchant_id, kind, currency)
);

-- Rupiah for everybody. Bank Indonesia lets no more than Rp 40 million a month into registered e-money (since 1 July 2022,
-- when its balance may be Rp 20 million): so much is topped up in a month, and half of it on a day. What leaves is held to
-- the same sums, so that a stolen telephone empties no more than a day's part. Other currencies have no limit until a row says so.
insert into wallet_limit (merchant_id, kind, currency, per_transaction, per_day, per_month)
  select '00000000-0000-0000-0000-000000000000', kind, 'IDR', 1000000000, 2000000000, 4000000000
    from unnest(array['TOPUP', 'PAYMENT', 'TRANSFER', 'WITHDRAWAL']) as kind;

-- What an account used of its limits on a day in Jakarta. The row of the month's first day is held while a transaction adds
-- to any of the month's, so that no race passes a limit, not even at midnight.
create table wallet_usage (
  merchant_id uuid not null,
  account_id uuid not null,
  kind varchar(10) not null,
  day date not null,
  amount bigint not null check (amount >= 0),
  primary key (merchant_id, account_id, kind, day)
) with (fillfactor = 70);

-- Minor units as a sum for numeric(15, 2). One that it can't hold is null, so that one account spoils nobody's list;
-- ledger_balance and ledger_transfer have them all.
create function shown_sum(minor bigint, exponent smallint) returns numeric language sql immutable as $$
  select case when abs(x) < 10000000000000 then x end from round(minor / power(10::numeric, exponent), 2) as x
$$;

drop view accounts;
create view accounts as
select
  a.account_id as id,
  a.user_id,
  shown_sum(b.posted, c.exponent)::numeric(15, 2) as balance,
  b.currency::varchar(3) as currency,
  b.status as account_status,
  a.created_at,
  greatest(a.created_at, e.posted_at) as updated_at
from ledger_account a
join ledger_balance b using (merchant_id, account_id)
join currency c on c.code = b.currency
left join ledger_entry e on e.merchant_id = b.merchant_id and e.account_id = b.account_id and e.version = b.version
where a.user_id is not null;

-- What users did: one row for each entry of their accounts (SUCCESS), and one for each operation that moved nothing, or of
-- which a part is still to be moved (PENDING). A withdrawal is a TRANSFER, to the user's own account at a bank.
drop view historical_transactions;
create view historical_transactions as
select
  md5(e.account_id::text || e.version::text)::uuid as id,
  a.user_id,
  e.account_id,
  (e.transfer_id::text || case when e.amount > 0 then '-C' else '-D' end)::varchar(50) as transaction_id,
  case
    when t.kind = 'topup' then 'TOPUP'
    when t.kind in ('refund', 'topup_return') then 'REFUND'
    when t.kind in ('transfer', 'withdrawal') then 'TRANSFER'
    else 'PAYMENT'
  end::varchar(20) as transaction_type,
  'SUCCESS'::varchar(20) as transaction_status,
  shown_sum(abs(e.amount), c.exponent)::numeric(15, 2) as amount,
  shown_sum(e.balance_after - e.amount, c.exponent)::numeric(15, 2) as balance_before,
  shown_sum(e.balance_after, c.exponent)::numeric(15, 2) as balance_after,
  t.currency::varchar(3) as currency,
  t.details ->> 'description' as description,
  t.reference as external_reference,
  t.details ->> 'payment_method' as payment_method,
  t.details as metadata,
  t.is_accessible_external,
  e.posted_at as created_at,
  e.posted_at as updated_at
from ledger_entry e
join ledger_account a using (merchant_id, account_id)
join ledger_transfer t using (merchant_id, transfer_id)
join currency c on c.code = t.currency
where a.user_id is not null
union all
select
  o.operation_id,
  o.user_id,
  o.account_id,
  o.operation_id::varchar(50),
  case o.kind when 'WITHDRAWAL' then 'TRANSFER' else o.kind end::varchar(20),
  o.state::varchar(20),
  shown_sum(o.amount - o.settled, c.exponent)::numeric(15, 2),
  shown_sum(o.balance_seen, c.exponent)::numeric(15, 2),
  shown_sum(o.balance_seen, c.exponent)::numeric(15, 2),
  o.currency::varchar(3),
  o.description,
  o.external_reference,
  o.payment_method,
  jsonb_strip_nulls(jsonb_build_object('operation_id', o.operation_id, 'step', o.step, 'note', o.note)),
  true,
  o.created_at,
  o.updated_at
from wallet_operation o
join currency c on c.code = o.currency
where o.state <> 'SUCCESS';
