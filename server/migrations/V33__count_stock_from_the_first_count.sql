-- What was never brought in or counted may not be called sold out: it is sold, and nobody knows how much is left.
alter table stock_level add column is_counted boolean not null default false;
update stock_level l set is_counted = true
 where exists (select from stock_movement m
                where m.merchant_id = l.merchant_id and m.outlet_id = l.outlet_id and m.product_id = l.product_id and m.kind not in ('sale', 'return'));
-- a count may find nothing
alter table stock_movement drop constraint stock_movement_quantity_check, add constraint stock_movement_quantity_check check (quantity <> 0 or kind = 'count');
