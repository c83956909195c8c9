-- A GTIN is kept in one form, so that UPC-A 012345678905, EAN-13 0012345678905 and GTIN-14 00012345678905 are one product
-- (contract/barcode.ts): without the noughts before it, filled up to 8, 13 or 14 digits. Where a shop has several products of
-- one GTIN, one of them keeps it in this form, first a product that is sold; the others stay as they were typed.
with forms as (
  select merchant_id, product_id, barcode, is_active,
         lpad(digits, case when length(digits) <= 8 then 8 when length(digits) <= 13 then 13 else 14 end, '0') as gtin
    from product, lateral ltrim(barcode, '0') as digits
   where barcode ~ '^(?:[0-9]{8}|[0-9]{12,14})$'
), chosen as (
  select distinct on (merchant_id, gtin) merchant_id, product_id, barcode, gtin
    from forms order by merchant_id, gtin, (barcode = gtin) desc, is_active desc, product_id
)
update product p set barcode = c.gtin from chosen c
 where p.merchant_id = c.merchant_id and p.product_id = c.product_id and p.barcode <> c.gtin;

-- What a statement's fees for QRIS were held against: the MDR that is due by the merchant's class, amount and day
-- (server/settlement/mdr.ts). A list of {class, basis_points, rows, differing, gross, fee, expected}, sums in minor units as text.
alter table settlement_statement add column if not exists mdr jsonb not null default '[]';
