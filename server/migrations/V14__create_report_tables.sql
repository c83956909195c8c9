-- Rollups, moved by the outbox worker: per hour and method, and per product and day.
create table report_hour (
  merchant_id uuid not null,
  outlet_id uuid not null,
  business_date date not null,
  hour smallint not null check (hour between 0 and 23),
  method varchar(20) not null,
  sales integer not null,
  gross bigint not null,
  tax bigint not null,
  primary key (merchant_id, outlet_id, business_date, hour, method)
);

create table report_product (
  merchant_id uuid not null,
  outlet_id uuid not null,
  business_date date not null,
  product_id uuid not null,
  name varchar(100) not null,
  quantity integer not null,
  amount bigint not null,
  primary key (merchant_id, outlet_id, business_date, product_id)
);
