create table category (
  merchant_id uuid not null,
  category_id uuid not null,
  name varchar(60) not null,
  rank smallint not null,
  primary key (merchant_id, category_id)
);

create table product (
  merchant_id uuid not null,
  product_id uuid not null,
  category_id uuid not null,
  name varchar(100) not null,
  price bigint not null check (price >= 0),
  barcode varchar(14),
  picture varchar(200),
  is_favourite boolean not null default false,
  is_active boolean not null default true,
  rank integer not null,
  primary key (merchant_id, product_id),
  foreign key (merchant_id, category_id) references category
);
create unique index product_barcode on product (merchant_id, barcode) where barcode is not null;

-- Append-only: what came and what went, and why.
create table stock_movement (
  merchant_id uuid not null,
  outlet_id uuid not null,
  product_id uuid not null,
  movement_id uuid not null,
  kind varchar(12) not null check (kind in ('sale', 'return', 'purchase', 'adjustment', 'transfer', 'count')),
  quantity integer not null check (quantity <> 0),
  source_id uuid not null,
  moved_at timestamptz not null default now(),
  primary key (merchant_id, outlet_id, product_id, movement_id),
  foreign key (merchant_id, product_id) references product
);

create table stock_level (
  merchant_id uuid not null,
  outlet_id uuid not null,
  product_id uuid not null,
  on_hand integer not null default 0,
  -- at or below it the owner is told; null: not watched
  low_mark integer,
  primary key (merchant_id, outlet_id, product_id)
) with (fillfactor = 70);
