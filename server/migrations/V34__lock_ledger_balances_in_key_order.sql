-- A batch locks its balances in the order of their keys, whatever the plan.
--
-- This is the function of V16 (renamed in V31), whose comment explains its arguments and answers, with one statement more:
-- before the update that moves all balances of a batch, a sorted select locks them. The update alone locked them in the order
-- of its plan. In a small table with statistics that is a hash join over a sequential scan, so two batches could lock the
-- same two balances in different orders and deadlock.
create or replace function ledger_post_unseen(
  m uuid, accounts uuid[], ids uuid[], ops smallint[], kinds text[], debits int[], credits int[], currencies text[],
  amounts bigint[], groups int[], holds uuid[], expiries timestamptz[], refs text[], details jsonb[], hidden boolean[],
  monies_expected text[], nets bigint[], counts int[], incomings bigint[],
  debit_nth int[], debit_sum bigint[], credit_nth int[], credit_sum bigint[]
) returns text language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  most constant bigint := 4000000000000000000;
  items int := cardinality(ids);
  b_posted bigint[]; b_held bigint[]; least_available bigint[]; versions bigint[]; monies text[]; statuses text[];
  -- holds named by this batch, with how much of each is settled and its state
  h_ids uuid[] := '{}'; h_debits uuid[] := '{}'; h_credits uuid[] := '{}'; h_amounts bigint[] := '{}'; h_settled bigint[] := '{}'; h_states text[] := '{}';
  h_expiries timestamptz[] := '{}'; h_monies text[] := '{}';
  -- transfers to write: the item, and each side's version and balance after it
  t_item int[]; t_dv bigint[]; t_da bigint[]; t_cv bigint[]; t_ca bigint[]; t_count int := 0;
  results smallint[] := array_fill(0::smallint, array[items]);
  -- as it was before the group that is being posted
  s_group int := 0; s_first int := 0; s_failed boolean := false;
  s_posted bigint[]; s_held bigint[]; s_versions bigint[]; s_settled bigint[]; s_states text[]; s_count int;
  item record; result smallint; h int; rest bigint; d int; c int; at timestamptz;
  moved int := 0;
begin
  -- A batch of plain transfers is tried first as a whole: each balance is moved once, and only if then nothing is amiss
  -- (account missing, frozen, of another currency or drawn too low before any money came in; an id that exists already) the
  -- transfers are written. Otherwise it is undone, and the items are gone through one by one.
  -- Balances are always locked in the order of their keys before they are written, so no two batches wait for each other.
  if nets <> '{}' then
    begin
      -- depends on no balance: written before any is locked, it keeps no other batch waiting
      insert into outbox_event (merchant_id, topic, subject, payload)
        values (m, 'ledger.posted', ids[1]::text, jsonb_build_object('transfers', to_jsonb(ids)));
      b_posted := array_fill(0::bigint, array[cardinality(accounts)]); versions := b_posted;
      -- An update locks rows in the order of its plan, which changes with the table's statistics; a sorted select does not.
      perform 1 from ledger_balance b where b.merchant_id = m and b.account_id = any (accounts)
        order by b.account_id for no key update;
      for item in
        update ledger_balance b set posted = b.posted + x.net, version = b.version + x.entries
          from unnest(accounts, nets, counts, incomings, monies_expected) with ordinality as x (id, net, entries, incoming, money, a)
         where b.merchant_id = m and b.account_id = x.id
        returning x.a, b.posted - x.net as posted_before, b.version - x.entries as version_before,
          b.status = 'ACTIVE' and b.currency = x.money and abs(b.posted) < most and b.posted - x.incoming - b.held >= coalesce(b.least, -most) as fine
      loop
        if not item.fine then raise exception using errcode = 'OG001'; end if;
        b_posted[item.a] := item.posted_before; versions[item.a] := item.version_before; moved := moved + 1;
      end loop;
      if moved < cardinality(accounts) then raise exception using errcode = 'OG001'; end if;
      -- The time is read while the locks are held, so that it never falls from one entry of an account to the next.
      at := clock_timestamp();
      insert into ledger_transfer (merchant_id, transfer_id, debit_account_id, credit_account_id, amount, debit_version, debit_after,
          credit_version, credit_after, posted_at, currency, is_accessible_external, kind, reference, details)
        select m, u.id, accounts[u.debit], accounts[u.credit], u.amount, versions[u.debit] + u.dn, b_posted[u.debit] + u.ds,
               versions[u.credit] + u.cn, b_posted[u.credit] + u.cs, at, u.currency, not u.hide, u.kind, u.ref, u.detail
          from unnest(ids, kinds, debits, credits, currencies, amounts, refs, details, hidden, debit_nth, debit_sum, credit_nth, credit_sum)
               as u (id, kind, debit, credit, currency, amount, ref, detail, hide, dn, ds, cn, cs)
         order by u.id;
      return array_to_string(results, ',');
    exception when sqlstate 'OG001' or unique_violation or numeric_value_out_of_range then
      null;
    end;
  end if;

  select array_agg(b.posted), array_agg(b.held), array_agg(coalesce(b.least, -most)), array_agg(b.version), array_agg(b.currency), array_agg(b.status)
    into b_posted, b_held, least_available, versions, monies, statuses
    from (select * from ledger_balance where merchant_id = m and account_id = any (accounts) order by account_id for no key update) b;
  at := clock_timestamp();
  if cardinality(b_posted) is distinct from cardinality(accounts) then
    select array_agg(b.posted order by a.n), array_agg(b.held order by a.n), array_agg(coalesce(b.least, -most) order by a.n),
           array_agg(b.version order by a.n), array_agg(b.currency order by a.n), array_agg(b.status order by a.n)
      into b_posted, b_held, least_available, versions, monies, statuses
      from unnest(accounts) with ordinality a (account_id, n)
      left join ledger_balance b on b.merchant_id = m and b.account_id = a.account_id;
  end if;
  if array_remove(holds, null) <> '{}' then
    select coalesce(array_agg(x.hold_id), '{}'), coalesce(array_agg(x.debit_account_id), '{}'), coalesce(array_agg(x.credit_account_id), '{}'), coalesce(array_agg(x.amount), '{}'),
           coalesce(array_agg(x.settled), '{}'), coalesce(array_agg(x.state), '{}'), coalesce(array_agg(x.expires_at), '{}'),
           coalesce(array_agg(x.currency), '{}')
      into h_ids, h_debits, h_credits, h_amounts, h_settled, h_states, h_expiries, h_monies
      from (select * from ledger_hold where merchant_id = m and hold_id = any (holds) order by hold_id for update) x;
  end if;
  t_item := array_fill(0, array[items]); t_dv := array_fill(0::bigint, array[items]); t_da := t_dv; t_cv := t_dv; t_ca := t_dv;

  for item in
    select u.*, t.debit_account_id as found_debit, t.credit_account_id as found_credit, t.amount as found_amount,
           t.currency as found_currency, t.hold_id as found_hold
      from unnest(ids, ops, debits, credits, currencies, amounts, groups, holds, expiries)
           with ordinality as u (id, op, debit, credit, currency, amount, grp, hold, expiry, n)
      left join lateral (
        select * from ledger_transfer where merchant_id = m and transfer_id = u.id and u.op in (1, 3, 4) limit 1
      ) t on true
     order by u.n
  loop
    d := item.debit; c := item.credit; result := 0;
    if item.grp <> s_group then
      s_group := item.grp; s_failed := false; s_first := item.n;
      if s_group > 0 then
        s_posted := b_posted; s_held := b_held; s_versions := versions; s_settled := h_settled; s_states := h_states; s_count := t_count;
      end if;
    end if;
    h := case when item.op > 1 then array_position(h_ids, item.hold) end;

    if s_failed then
      result := 12;
    elsif item.found_amount is not null then
      result := case when item.found_debit = accounts[d] and item.found_credit = accounts[c] and item.found_amount = item.amount
        and item.found_currency = item.currency and item.found_hold is not distinct from (case when item.op > 1 then item.hold end)
        then 1 else 2 end;
    elsif item.op = 2 and h is not null then
      result := case when h_debits[h] = accounts[d] and h_credits[h] = accounts[c] and h_amounts[h] = item.amount and h_monies[h] = item.currency then 1 else 2 end;
    elsif item.op = 5 and h_states[h] = 'released' then
      result := 1;
    elsif item.op = 6 and h_states[h] = 'expired' then
      result := 1;
    elsif b_posted[d] is null or b_posted[c] is null then
      result := 3;
    elsif item.op < 5 and (statuses[d] <> 'ACTIVE' or statuses[c] <> 'ACTIVE') then
      result := 4;
    elsif item.op < 5 and (monies[d] <> item.currency or monies[c] <> item.currency) then
      result := 5;
    elsif item.op > 2 and h is null then
      result := 6;
    elsif item.op > 2 and h_states[h] <> 'open' then
      result := 7;
    elsif item.op in (3, 4) and h_expiries[h] <= at then
      result := 8;
    elsif item.op = 6 and (h_expiries[h] is null or h_expiries[h] > at) then
      result := 7;
    elsif item.op in (3, 4) and item.amount > h_amounts[h] - h_settled[h] then
      result := 9;
    elsif item.op < 3 and b_posted[d] - b_held[d] - item.amount < least_available[d] then
      result := 10;
    elsif item.op <> 2 and item.op < 5 and (b_posted[d] - item.amount < -most or b_posted[c] + item.amount > most) then
      result := 11;
    end if;

    if result = 0 then
      if item.op = 2 then
        b_held[d] := b_held[d] + item.amount;
        h_ids := h_ids || item.hold; h_debits := h_debits || accounts[d]; h_credits := h_credits || accounts[c]; h_amounts := h_amounts || item.amount;
        h_settled := h_settled || 0::bigint; h_states := h_states || 'open'::text; h_expiries := h_expiries || item.expiry;
        h_monies := h_monies || item.currency::text;
      elsif item.op > 4 then
        b_held[d] := b_held[d] - (h_amounts[h] - h_settled[h]);
        h_states[h] := case item.op when 5 then 'released' else 'expired' end;
      else
        if item.op > 1 then
          rest := case item.op when 4 then h_amounts[h] - h_settled[h] else item.amount end;
          b_held[d] := b_held[d] - rest;
          h_settled[h] := h_settled[h] + item.amount;
          if item.op = 4 or h_settled[h] = h_amounts[h] then h_states[h] := 'settled'; end if;
        end if;
        t_count := t_count + 1; t_item[t_count] := item.n;
        b_posted[d] := b_posted[d] - item.amount; versions[d] := versions[d] + 1; t_dv[t_count] := versions[d]; t_da[t_count] := b_posted[d];
        b_posted[c] := b_posted[c] + item.amount; versions[c] := versions[c] + 1; t_cv[t_count] := versions[c]; t_ca[t_count] := b_posted[c];
      end if;
    elsif result > 1 and s_group > 0 and not s_failed then
      b_posted := s_posted; b_held := s_held; versions := s_versions; t_count := s_count;
      -- holds that the group reserved are forgotten: they stand behind those that were there before it
      h_settled := s_settled; h_states := s_states; h_ids := h_ids[1:cardinality(s_settled)]; h_debits := h_debits[1:cardinality(s_settled)]; h_credits := h_credits[1:cardinality(s_settled)];
      h_amounts := h_amounts[1:cardinality(s_settled)]; h_expiries := h_expiries[1:cardinality(s_settled)]; h_monies := h_monies[1:cardinality(s_settled)];
      for n in s_first .. item.n - 1 loop results[n] := 12; end loop;
      s_failed := true;
    end if;
    results[item.n] := result;
  end loop;

  if t_count > 0 then
    insert into ledger_transfer (merchant_id, transfer_id, debit_account_id, credit_account_id, amount, debit_version, debit_after,
        credit_version, credit_after, posted_at, currency, is_accessible_external, kind, hold_id, reference, details)
      select m, ids[u.n], accounts[debits[u.n]], accounts[credits[u.n]], amounts[u.n], u.dv, u.da, u.cv, u.ca, at, currencies[u.n],
             not coalesce(hidden[u.n], false), kinds[u.n], case when ops[u.n] > 1 then holds[u.n] end, refs[u.n], details[u.n]
        from unnest(t_item[1:t_count], t_dv[1:t_count], t_da[1:t_count], t_cv[1:t_count], t_ca[1:t_count]) as u (n, dv, da, cv, ca);
    insert into outbox_event (merchant_id, topic, subject, payload)
      select m, 'ledger.posted', ids[t_item[1]]::text, jsonb_build_object('transfers', jsonb_agg(ids[n])) from unnest(t_item[1:t_count]) as n;
  end if;
  if h_ids <> '{}' then
    insert into ledger_hold (merchant_id, hold_id, debit_account_id, credit_account_id, currency, amount, expires_at, reserved_at)
      select m, u.hold, accounts[u.debit], accounts[u.credit], u.currency, u.amount, u.expiry, at
        from unnest(ops, holds, debits, credits, currencies, amounts, expiries) with ordinality as u (op, hold, debit, credit, currency, amount, expiry, n)
       where results[u.n] = 0 and u.op = 2;
    update ledger_hold x set settled = u.settled, state = u.state, ended_at = case when u.state <> 'open' then at end
      from unnest(h_ids, h_settled, h_states) as u (id, settled, state)
     where x.merchant_id = m and x.hold_id = u.id and (x.settled, x.state) is distinct from (u.settled, u.state);
  end if;
  update ledger_balance b set posted = u.posted, held = u.held, version = u.version
    from unnest(accounts, b_posted, b_held, versions) as u (id, posted, held, version)
   where b.merchant_id = m and b.account_id = u.id and (b.version <> u.version or b.held <> u.held);
  return array_to_string(results, ',');
end $$;
