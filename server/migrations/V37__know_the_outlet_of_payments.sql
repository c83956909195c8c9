-- What is taken at a till is its outlet's: other outlets neither hear of it nor find it in their lists. Null: no outlet's.
alter table payment_order add column outlet_id uuid;
alter table payment drop constraint payment_check, add constraint payment_check check (
  (verification is null) = (confirmed_by is null) and (verification is null or outlet_id is not null));

-- of earlier ones, those that stand in a list
update payment p set outlet_id = s.outlet_id
  from (select merchant_id, payment_id from suspense_case where payment_id is not null union select merchant_id, payment_id from dispute
        union select merchant_id, payment_id from settlement_case where payment_id is not null) l, sale s
 where l.merchant_id = p.merchant_id and l.payment_id = p.payment_id and p.outlet_id is null
   and s.merchant_id = p.merchant_id
   and s.sale_id = case when p.order_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p.order_id::uuid end;

-- A reference of a payment by a printed code is its letters and digits, however it was typed. Two that are one stay as they are.
update payment p set reference = upper(regexp_replace(p.reference, '[^0-9A-Za-z]', '', 'g'))
 where p.verification is not null and p.reference ~ '[^0-9A-Z]' and p.reference ~ '[0-9A-Za-z]'
   and not exists (select from payment o
                    where o.merchant_id = p.merchant_id and o.verification is not null and o.payment_id <> p.payment_id
                      and upper(regexp_replace(o.reference, '[^0-9A-Za-z]', '', 'g')) = upper(regexp_replace(p.reference, '[^0-9A-Za-z]', '', 'g')));

-- Products of which a sale took more than was counted: [{"product_id", "on_hand"}]; null: none.
alter table sale add column oversold jsonb;
