-- Entries carry what their transfer says, so that reading a page of them joins nothing.
create or replace view ledger_entry with (security_invoker = true) as
select merchant_id, debit_account_id as account_id, debit_version as version, transfer_id, -amount as amount, debit_after as balance_after, posted_at,
       currency, kind, reference, details, is_accessible_external
  from ledger_transfer
union all
select merchant_id, credit_account_id, credit_version, transfer_id, amount, credit_after, posted_at, currency, kind, reference, details, is_accessible_external
  from ledger_transfer;

-- As V19 has it, by the same names and columns; without joining each entry to its transfer again.
create or replace view historical_transactions with (security_invoker = true) as
select
  md5(e.account_id::text || e.version::text)::uuid as id,
  a.user_id,
  e.account_id,
  (e.transfer_id::text || case when e.amount > 0 then '-C' else '-D' end)::varchar(50) as transaction_id,
  case
    when e.kind = 'topup' then 'TOPUP'
    when e.kind in ('refund', 'topup_return') then 'REFUND'
    when e.kind in ('transfer', 'withdrawal') then 'TRANSFER'
    else 'PAYMENT'
  end::varchar(20) as transaction_type,
  'SUCCESS'::varchar(20) as transaction_status,
  shown_sum(abs(e.amount), c.exponent)::numeric(15, 2) as amount,
  shown_sum(e.balance_after - e.amount, c.exponent)::numeric(15, 2) as balance_before,
  shown_sum(e.balance_after, c.exponent)::numeric(15, 2) as balance_after,
  e.currency::varchar(3) as currency,
  e.details ->> 'description' as description,
  e.reference as external_reference,
  e.details ->> 'payment_method' as payment_method,
  e.details as metadata,
  e.is_accessible_external,
  e.posted_at as created_at,
  e.posted_at as updated_at
from ledger_account a
join ledger_entry e using (merchant_id, account_id)
join currency c on c.code = e.currency
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

-- What did not succeed, in the order of a history.
drop index wallet_operation_user;
create index wallet_operation_history on wallet_operation (merchant_id, user_id, created_at, operation_id) where state <> 'SUCCESS';
-- What waits for an operator, oldest first.
create index wallet_operation_withdrawal on wallet_operation (merchant_id, operation_id) where state = 'PENDING' and kind = 'WITHDRAWAL';

-- The numbers of an account's last entries at or before some moments, which must not fall. Each is looked for from where
-- the one before was found, in steps that double, so that many moments with little between them cost little.
create function ledger_versions_at(m uuid, account uuid, moments timestamptz[]) returns bigint[] language plpgsql stable as $$
declare
  newest bigint; low bigint := 0; high bigint; middle bigint; step bigint; at timestamptz; found timestamptz; versions bigint[] := '{}';
begin
  select version into newest from ledger_balance where merchant_id = m and account_id = account;
  foreach at in array moments loop
    -- the entry `low` is not after the moment; `high` is the highest that may not be either
    step := 1; high := coalesce(newest, 0);
    while low + step <= high loop
      select posted_at into strict found from ledger_entry where merchant_id = m and account_id = account and version = low + step;
      if found > at then
        high := low + step - 1;
      else
        low := low + step; step := 2 * step;
      end if;
    end loop;
    while low < high loop
      middle := (low + high + 1) / 2;
      select posted_at into strict found from ledger_entry where merchant_id = m and account_id = account and version = middle;
      if found <= at then low := middle; else high := middle - 1; end if;
    end loop;
    versions := versions || low;
  end loop;
  return versions;
end $$;

-- What is personal of a user is found when the account is closed, without reading everybody's operations.
create index wallet_operation_personal on wallet_operation (merchant_id, user_id) where kind in ('TOPUP', 'WITHDRAWAL');

-- Bank accounts and names outlived accounts that were closed before: in withdrawals, in the orders of top-ups and in stored
-- answers. Answers no longer hold them; they are read from the withdrawal.
update idempotency_key set answer = answer - '{bank,account_number,account_name}'::text[] where route like 'wallet.%' and jsonb_exists(answer, 'account_number');
update wallet_operation o set payout = jsonb_build_object('bank', o.payout ->> 'bank', 'accountNumber', '', 'accountName', '')
  from users u where u.id = o.user_id and u.closed_at is not null and o.payout is not null;
update payment_order p set customer_name = '#', customer_email = null, customer_phone = null
  from wallet_operation o join users u on u.id = o.user_id
 where u.closed_at is not null and o.kind = 'TOPUP' and p.merchant_id = o.merchant_id and p.order_id = 'TOPUP-' || o.operation_id;
