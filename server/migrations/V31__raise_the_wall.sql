-- The second wall between merchants. The program's statements name their merchant; should one forget to, the database still
-- shows and takes that merchant's rows alone. Whose, says the connection's setting `onegate.merchant`: a merchant's id, `*`
-- for all, nothing for none. It holds the program's role. The owner of the tables, who migrates and proves, and
-- roles that an operator lets read are not held by it.
create function onegate_merchant() returns uuid language sql stable parallel safe as $$
  select nullif(nullif(current_setting('onegate.merchant', true), ''), '*')::uuid
$$;
create function onegate_everywhere() returns boolean language sql stable parallel safe as $$
  select coalesce(current_setting('onegate.merchant', true) = '*', false)
$$;

-- Raises the wall on every table of merchants' data that has none, and answers how many those were. Run after each
-- migration, so that a new table can't be forgotten. Partitions are read through their parent, whose wall counts; on their
-- own they show nothing. Both functions stand in subqueries: asked once a statement, not once a row.
create function onegate_raise_wall() returns int language plpgsql as $$
declare
  t record; raised int := 0;
begin
  for t in select c.oid::regclass as name, c.relispartition as is_part, c.relrowsecurity as is_walled
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'merchant_id' and not a.attisdropped
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and not (c.relrowsecurity and (c.relispartition or exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'merchant')))
  loop
    if not t.is_walled then execute format('alter table %s enable row level security', t.name); end if;
    if not t.is_part then
      execute format('create policy granted on %s using (true)', t.name);
      execute format('create policy merchant on %s as restrictive to onegate_app using ((select onegate_everywhere()) or merchant_id = (select onegate_merchant()))', t.name);
    end if;
    raised := raised + 1;
  end loop;
  return raised;
end $$;
revoke execute on function onegate_raise_wall from public;
select onegate_raise_wall();

-- Limits for everybody who has none of their own: all may read them.
drop policy merchant on wallet_limit;
create policy merchant on wallet_limit as restrictive for select to onegate_app
  using ((select onegate_everywhere()) or merchant_id = (select onegate_merchant()) or merchant_id = '00000000-0000-0000-0000-000000000000');
create policy merchant_insert on wallet_limit as restrictive for insert to onegate_app with check ((select onegate_everywhere()) or merchant_id = (select onegate_merchant()));
create policy merchant_update on wallet_limit as restrictive for update to onegate_app using ((select onegate_everywhere()) or merchant_id = (select onegate_merchant()));
create policy merchant_delete on wallet_limit as restrictive for delete to onegate_app using ((select onegate_everywhere()) or merchant_id = (select onegate_merchant()));

-- As V17 has it; a month's partition has the wall from its beginning.
create or replace function ledger_prepare_months(ahead int) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare
  month timestamptz; name text; first uuid; beyond uuid; made int := 0;
begin
  perform pg_advisory_xact_lock(7226144283752);
  for month in select generate_series(date_trunc('month', now(), 'UTC') - interval '1 month', now() + make_interval(months => ahead), interval '1 month')
  loop
    name := 'ledger_transfer_' || to_char(month at time zone 'UTC', 'YYYY_MM');
    continue when to_regclass(name) is not null;
    first := lowest_uuid_at(month); beyond := lowest_uuid_at(month + interval '1 month');
    lock table ledger_transfer_rest in access exclusive mode;
    execute format('create table %I (like ledger_transfer including defaults including constraints)', name);
    execute format('alter table %I enable row level security', name);
    execute format('with moved as (delete from ledger_transfer_rest where transfer_id >= %L and transfer_id < %L returning *) insert into %I select * from moved', first, beyond, name);
    execute format('alter table ledger_transfer attach partition %I for values from (%L) to (%L)', name, first, beyond);
    made := made + 1;
  end loop;
  if made > 0 then perform revoke_ledger_rights(); end if;
  return made;
end $$;

-- What posts runs with its owner's rights, whom no wall holds: it looks itself whose books the program may move.
alter function ledger_post rename to ledger_post_unseen;
revoke execute on function ledger_post_unseen from onegate_app;
create function ledger_post(
  m uuid, accounts uuid[], ids uuid[], ops smallint[], kinds text[], debits int[], credits int[], currencies text[],
  amounts bigint[], groups int[], holds uuid[], expiries timestamptz[], refs text[], details jsonb[], hidden boolean[],
  monies_expected text[], nets bigint[], counts int[], incomings bigint[],
  debit_nth int[], debit_sum bigint[], credit_nth int[], credit_sum bigint[]
) returns text language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if current_setting('role') = 'onegate_app' and (onegate_everywhere() or m = onegate_merchant()) is not true then
    raise exception 'the books of % are not to be seen from here', m using errcode = 'insufficient_privilege';
  end if;
  return ledger_post_unseen(m, accounts, ids, ops, kinds, debits, credits, currencies, amounts, groups, holds, expiries, refs, details, hidden, monies_expected, nets, counts, incomings, debit_nth, debit_sum, credit_nth, credit_sum);
end $$;
revoke execute on function ledger_post from public;
grant execute on function ledger_post to onegate_app;

-- Views look with the eyes of who asks.
do $$
declare v regclass;
begin
  for v in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
  loop
    execute format('alter view %s set (security_invoker = true)', v);
  end loop;
end $$;
