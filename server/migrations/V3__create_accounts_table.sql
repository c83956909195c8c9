-- Currencies as data: ISO 4217 codes with the decimals of their minor unit. Filled from the program's own table.
create table currency (
  code char(3) primary key,
  exponent smallint not null check (exponent between 0 and 4)
);

-- An account's identity, which never changes. What changes stands in ledger_balance.
create table ledger_account (
  merchant_id uuid not null,
  account_id uuid not null,
  code varchar(80) not null,
  kind varchar(32) not null,
  user_id uuid,
  created_at timestamptz not null default now(),
  primary key (merchant_id, account_id),
  unique (merchant_id, code)
);
create index ledger_account_user on ledger_account (user_id) where user_id is not null;

-- The hot row of an account: narrow, and nothing indexed but the key, so that each update stays on its page.
--   posted   credits less debits, in minor units: what is owed to a customer is above zero
--   held     reserved by open holds; available = posted - held
--   least    the available balance may not fall below it; null: no floor
--   version  the number of entries so far
create table ledger_balance (
  merchant_id uuid not null,
  account_id uuid not null,
  currency char(3) not null references currency (code),
  posted bigint not null default 0,
  held bigint not null default 0 check (held >= 0),
  least bigint,
  version bigint not null default 0,
  status varchar(9) not null default 'ACTIVE' check (status in ('ACTIVE', 'SUSPENDED', 'CLOSED')),
  primary key (merchant_id, account_id)
) with (fillfactor = 50);

-- A user's accounts as the wallet's clients and analysts know them.
create view accounts as
select
  a.account_id as id,
  a.user_id,
  (b.posted / power(10::numeric, c.exponent))::numeric(15, 2) as balance,
  b.currency::varchar(3) as currency,
  b.status as account_status,
  a.created_at,
  a.created_at as updated_at
from ledger_account a
join ledger_balance b using (merchant_id, account_id)
join currency c on c.code = b.currency
where a.user_id is not null;
