-- The role under which the program works. It can't change or delete what was posted, and moves balances only by
-- ledger_post, which runs with its owner's rights. Migrations run as the owner of the schema.
do $$
begin
  if not exists (select from pg_roles where rolname = 'onegate_app') then
    create role onegate_app nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- another database of the same server made it at the same moment
end $$;
do $$
begin
  if not pg_has_role(current_user, 'onegate_app', 'member') then
    execute format('grant onegate_app to %I', current_user);
  end if;
end $$;
grant usage on schema public to onegate_app;
grant select, insert, update, delete on all tables in schema public to onegate_app;
grant usage on all sequences in schema public to onegate_app;
alter default privileges in schema public grant select, insert, update, delete on tables to onegate_app;
alter default privileges in schema public grant usage on sequences to onegate_app;

-- The chain of seals over a merchant's transfers, in the order in which their events can be read: a row edited later, by
-- whomever, no longer has the leaf it was sealed with. Written some time after the transfers, never on their way.
--   leaves  SHA-256 of each row's content, in the order of ids (what goes in: server/ledger/seal.ts)
--   head    SHA-256 over the head before, the block's number and the leaves
create table ledger_block (
  merchant_id uuid not null,
  block bigint not null check (block > 0),
  ids uuid[] not null,
  leaves bytea[] not null,
  head bytea not null,
  sealed_at timestamptz not null default clock_timestamp(),
  primary key (merchant_id, block)
);
-- hashes don't compress
alter table ledger_block alter column leaves set storage external;

-- The heads of all chains, signed once a day by a key that the database doesn't hold.
create table ledger_signed_head (
  day date primary key,
  statement text not null,
  public_key text not null,
  signature text not null
);

-- How far the books were proven, so that each day proves what the day added.
create table ledger_proof (
  merchant_id uuid primary key,
  block bigint not null,
  proven_at timestamptz not null
);

create function revoke_ledger_rights() returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
  partition regclass;
begin
  revoke insert, update, delete, truncate on ledger_transfer, ledger_hold, ledger_balance, currency from onegate_app;
  revoke update, delete, truncate on ledger_block, ledger_signed_head from onegate_app;
  revoke update, delete, truncate on ledger_account from onegate_app;
  grant insert (merchant_id, account_id, currency, least), update (status) on ledger_balance to onegate_app;
  for partition in select inhrelid::regclass from pg_inherits where inhparent = 'ledger_transfer'::regclass
  loop
    execute format('revoke all on %s from onegate_app', partition);
  end loop;
  -- the history of migrations is there when a migration runs, but not when somebody else runs this file
  if to_regclass('flyway_schema_history') is not null then
    revoke insert, update, delete on flyway_schema_history from onegate_app;
  end if;
end $$;
select revoke_ledger_rights();

-- Makes the partitions of the month before, this month and so many after it, where they are missing; answers how many.
create function ledger_prepare_months(ahead int) returns int language plpgsql security definer set search_path = public, pg_temp as $$
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
    execute format('with moved as (delete from ledger_transfer_rest where transfer_id >= %L and transfer_id < %L returning *) insert into %I select * from moved', first, beyond, name);
    execute format('alter table ledger_transfer attach partition %I for values from (%L) to (%L)', name, first, beyond);
    made := made + 1;
  end loop;
  if made > 0 then perform revoke_ledger_rights(); end if;
  return made;
end $$;

-- What runs with its owner's rights is the program's to call, and nobody else's.
revoke execute on function ledger_post, ledger_prepare_months, revoke_ledger_rights from public;
grant execute on function ledger_post, ledger_prepare_months to onegate_app;
select ledger_prepare_months(3);
