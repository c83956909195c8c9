-- A transfer and its two entries become one row: each fact once, and a third of the writing. The table is partitioned by
-- the month in which a transfer's id was made (the first 48 bits of a UUIDv7 are milliseconds, RFC 9562), so the key that
-- makes a retry the same transfer stays unique over all partitions, whenever the retry comes.
drop view historical_transactions;
alter table ledger_transfer rename to ledger_transfer_flat;
alter table ledger_transfer_flat rename constraint ledger_transfer_pkey to ledger_transfer_flat_pkey;
alter table ledger_entry rename to ledger_entry_flat;

create function lowest_uuid_at(at timestamptz) returns uuid language sql stable as $$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- A transfer moves one sum from the debited to the credited account; it is written once and never changed. For each side:
--   version  numbers the account's entries without a gap
--   after    the account's balance afterwards: after of the version before, less (debit) or plus (credit) the amount
create table ledger_transfer (
  merchant_id uuid not null,
  transfer_id uuid not null,
  debit_account_id uuid not null,
  credit_account_id uuid not null,
  amount bigint not null check (amount > 0),
  debit_version bigint not null,
  debit_after bigint not null,
  credit_version bigint not null,
  credit_after bigint not null,
  posted_at timestamptz not null,
  currency char(3) not null,
  is_accessible_external boolean not null default true,
  kind varchar(32) not null,
  hold_id uuid,
  reference varchar(80),
  details jsonb,
  primary key (merchant_id, transfer_id)
) partition by range (transfer_id);
-- an account is one merchant's alone, so the merchant would only make these wider
create index ledger_transfer_debit on ledger_transfer (debit_account_id, debit_version);
create index ledger_transfer_credit on ledger_transfer (credit_account_id, credit_version);

do $$
declare
  first uuid := lowest_uuid_at(date_trunc('month', now(), 'UTC') - interval '1 month');
begin
  execute format('create table ledger_transfer_before partition of ledger_transfer for values from (minvalue) to (%L)', first);
  -- ids that carry no time begin with random bits, nearly all of which are far in the future
  execute format('create table ledger_transfer_timeless partition of ledger_transfer for values from (%L) to (maxvalue)', lowest_uuid_at('2100-01-01 00:00Z'));
end $$;
-- ids of months that are not prepared yet; emptied into each month when it is
create table ledger_transfer_rest partition of ledger_transfer default;

insert into ledger_transfer (merchant_id, transfer_id, debit_account_id, credit_account_id, amount, debit_version, debit_after, credit_version,
    credit_after, posted_at, currency, is_accessible_external, kind, hold_id, reference, details)
  select merchant_id, t.transfer_id, t.debit_account_id, t.credit_account_id, t.amount, d.version, d.balance_after, c.version,
         c.balance_after, c.posted_at, t.currency, t.is_accessible_external, t.kind, t.hold_id, t.reference, t.details
    from ledger_transfer_flat t
    join ledger_entry_flat d using (merchant_id, transfer_id)
    join ledger_entry_flat c using (merchant_id, transfer_id)
   where d.account_id = t.debit_account_id and c.account_id = t.credit_account_id;
do $$
begin
  if (select count(*) from ledger_transfer) <> (select count(*) from ledger_transfer_flat)
    or 2 * (select count(*) from ledger_transfer_flat) <> (select count(*) from ledger_entry_flat) then
    raise exception 'the books are not whole: transfers and entries do not fit; run the proof of the version before';
  end if;
end $$;
drop table ledger_transfer_flat, ledger_entry_flat;

-- The two sides of each transfer as entries of their accounts; a credit is above zero.
create view ledger_entry as
select merchant_id, debit_account_id as account_id, debit_version as version, transfer_id, -amount as amount, debit_after as balance_after, posted_at from ledger_transfer
union all
select merchant_id, credit_account_id, credit_version, transfer_id, amount, credit_after, posted_at from ledger_transfer;

-- The number of the account's last entry at or before a moment, 0 before the first: times never fall from one version to
-- the next, so it is found by halving.
create function ledger_version_at(m uuid, account uuid, at timestamptz) returns bigint language plpgsql stable as $$
declare
  low bigint := 0; high bigint; middle bigint; found timestamptz;
begin
  select version into high from ledger_balance where merchant_id = m and account_id = account;
  while low < high loop
    middle := (low + high + 1) / 2;
    select posted_at into strict found from ledger_entry where merchant_id = m and account_id = account and version = middle;
    if found <= at then low := middle; else high := middle - 1; end if;
  end loop;
  return low;
end $$;

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
