-- Words for the examples, gone when the session ends. The program itself posts by ledger_post, many items a call; here each
-- word is one call of it with one item. Amounts are in major units, as people say them.
create function pg_temp.account(code text) returns uuid language sql immutable as
  $$ select md5('example ' || code)::uuid $$;
create function pg_temp.shop() returns uuid language sql immutable as
  $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;
create function pg_temp.open(code text, kind text, currency text default 'IDR') returns text language sql as $$
  insert into ledger_account (merchant_id, account_id, code, kind) values (pg_temp.shop(), pg_temp.account(code), code, kind);
  insert into ledger_balance (merchant_id, account_id, currency, least) values (pg_temp.shop(), pg_temp.account(code), currency, case when kind = 'wallet' then 0 end);
  select code || ' is open' $$;
create function pg_temp.minor(amount numeric, money text) returns bigint language sql as
  $$ select (amount * power(10::numeric, exponent))::bigint from currency where code = money $$;
create function pg_temp.item(op int, id text, kind text, debit text, credit text, amount numeric, currency text, hold text) returns text language plpgsql as $$
declare
  accounts uuid[]; answer text; thing uuid := md5('example thing ' || id)::uuid; its_hold uuid := md5('example thing ' || hold)::uuid;
begin
  select array_agg(a order by a) into accounts from unnest(array[pg_temp.account(debit), pg_temp.account(credit)]) a;
  answer := ledger_post(pg_temp.shop(), accounts, array[thing], array[op]::smallint[], array[kind],
    array[array_position(accounts, pg_temp.account(debit))], array[array_position(accounts, pg_temp.account(credit))], array[currency],
    array[pg_temp.minor(amount, currency)], '{0}', array[case when op > 1 then coalesce(its_hold, thing) end], '{NULL}'::timestamptz[], array[id], '{NULL}'::jsonb[], '{f}',
    '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
  return (array['done', 'done before', 'refused: another transfer has this id', 'refused: account unknown', 'refused: account frozen',
    'refused: currency differs', 'refused: hold unknown', 'refused: hold ended', 'refused: hold expired', 'refused: more than is held',
    'refused: insufficient funds', 'refused: too large', 'refused: another of its set was'])[answer::int + 1];
end $$;
create function pg_temp.post(id text, kind text, debit text, credit text, amount numeric, currency text default 'IDR') returns text language sql as
  $$ select pg_temp.item(1, id, kind, debit, credit, amount, currency, null) $$;
create function pg_temp.reserve(id text, debit text, credit text, amount numeric, currency text default 'IDR') returns text language sql as
  $$ select pg_temp.item(2, id, 'hold', debit, credit, amount, currency, null) $$;
create function pg_temp.capture(id text, hold text, debit text, credit text, amount numeric, currency text default 'IDR') returns text language sql as
  $$ select pg_temp.item(3, id, 'capture', debit, credit, amount, currency, hold) $$;
create function pg_temp.release(hold text, debit text, credit text, amount numeric, currency text default 'IDR') returns text language sql as
  $$ select pg_temp.item(5, hold, 'hold', debit, credit, amount, currency, hold) $$;
create temp view page as
  select a.code as account, e.version, t.reference as transfer, t.kind, (e.amount / power(10::numeric, c.exponent))::numeric(20, 2) as amount,
         (e.balance_after / power(10::numeric, c.exponent))::numeric(20, 2) as balance_after
    from ledger_entry e join ledger_transfer t using (merchant_id, transfer_id) join ledger_account a using (merchant_id, account_id) join currency c on c.code = t.currency;
create temp view balance as
  select a.code as account, b.currency, (b.posted / power(10::numeric, c.exponent))::numeric(20, 2) as balance,
         (b.held / power(10::numeric, c.exponent))::numeric(20, 2) as held
    from ledger_balance b join ledger_account a using (merchant_id, account_id) join currency c on c.code = b.currency;
