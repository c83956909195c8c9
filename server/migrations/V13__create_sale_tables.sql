create table sale (
  merchant_id uuid not null,
  sale_id uuid not null,
  outlet_id uuid not null,
  staff_id uuid not null,
  request_hash bytea not null,
  state varchar(10) not null check (state in ('waiting', 'paid', 'cancelled', 'expired')),
  receipt_number varchar(30),
  business_date date not null,
  currency char(3) not null,
  subtotal bigint not null,
  tax bigint not null,
  total bigint not null,
  rounding bigint not null default 0,
  tendered bigint,
  created_at timestamptz not null default now(),
  paid_at timestamptz,
  primary key (merchant_id, sale_id),
  foreign key (merchant_id, outlet_id) references outlet,
  foreign key (merchant_id, staff_id) references staff
);
create unique index sale_receipt on sale (merchant_id, outlet_id, receipt_number) where receipt_number is not null;
create index sale_recent on sale (merchant_id, outlet_id, created_at desc);

-- Name and price as they were when it was sold.
create table sale_line (
  merchant_id uuid not null,
  sale_id uuid not null,
  line smallint not null,
  product_id uuid not null,
  name varchar(100) not null,
  quantity integer not null check (quantity > 0),
  unit_price bigint not null check (unit_price >= 0),
  primary key (merchant_id, sale_id, line),
  foreign key (merchant_id, sale_id) references sale
);

-- The last receipt number of each business day; locked when a sale is paid, so that none repeats or is left out.
create table receipt_counter (
  merchant_id uuid not null,
  outlet_id uuid not null,
  business_date date not null,
  last integer not null,
  primary key (merchant_id, outlet_id, business_date)
) with (fillfactor = 50);
