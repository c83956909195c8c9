-- A transfer moves one sum from the debited to the credited account; it is written once and never changed.
create table ledger_transfer (
  merchant_id uuid not null,
  transfer_id uuid not null,
  kind varchar(32) not null,
  debit_account_id uuid not null,
  credit_account_id uuid not null,
  currency char(3) not null,
  amount bigint not null check (amount > 0),
  hold_id uuid,
  reference varchar(80),
  details jsonb,
  is_accessible_external boolean not null default true,
  posted_at timestamptz not null,
  primary key (merchant_id, transfer_id)
);

-- The two sides of each transfer. `version` numbers an account's entries without a gap, `amount` is signed (a credit is
-- above zero), and balance_after = balance_after of the version before + amount: a chain that anybody can check.
create table ledger_entry (
  merchant_id uuid not null,
  account_id uuid not null,
  version bigint not null,
  transfer_id uuid not null,
  amount bigint not null,
  balance_after bigint not null,
  posted_at timestamptz not null,
  primary key (merchant_id, account_id, version)
);

-- Money reserved on the debited account: settled in whole or in part, released, or expired. `settled` grows with each part.
create table ledger_hold (
  merchant_id uuid not null,
  hold_id uuid not null,
  debit_account_id uuid not null,
  credit_account_id uuid not null,
  currency char(3) not null,
  amount bigint not null check (amount > 0),
  settled bigint not null default 0 check (settled between 0 and amount),
  state varchar(8) not null default 'open' check (state in ('open', 'settled', 'released', 'expired')),
  expires_at timestamptz,
  reserved_at timestamptz not null,
  ended_at timestamptz,
  primary key (merchant_id, hold_id)
);
create index ledger_hold_expiring on ledger_hold (expires_at) where state = 'open' and expires_at is not null;

-- What a user did, one row an entry on one of the user's accounts, as histories are read from outside.
create view historical_transactions as
select
  md5(e.account_id::text || e.version::text)::uuid as id,
  a.user_id,
  e.account_id,
  (e.transfer_id::text || case when e.amount > 0 then '-C' else '-D' end)::varchar(50) as transaction_id,
  case
    when t.kind = 'topup' then 'TOPUP'
    when t.kind = 'refund' then 'REFUND'
    when t.kind = 'transfer' then 'TRANSFER'
    else 'PAYMENT'
  end::varchar(20) as transaction_type,
  'SUCCESS'::varchar(20) as transaction_status,
  (abs(e.amount) / power(10::numeric, c.exponent))::numeric(15, 2) as amount,
  ((e.balance_after - e.amount) / power(10::numeric, c.exponent))::numeric(15, 2) as balance_before,
  (e.balance_after / power(10::numeric, c.exponent))::numeric(15, 2) as balance_after,
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
where a.user_id is not null;
