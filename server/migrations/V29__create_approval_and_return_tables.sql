-- A second person's word, given by PIN: for one session, action, subject and sum, used once. Its moment is the database's.
create table approval (
  merchant_id uuid not null,
  approval_id uuid not null,
  session_id uuid not null,
  action varchar(40) not null,
  subject varchar(64) not null,
  -- minor units; null: the action is about no sum
  amount bigint,
  asked_by uuid not null,
  approved_by uuid not null,
  reason varchar(200),
  given_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (merchant_id, approval_id),
  foreign key (merchant_id, asked_by) references staff,
  foreign key (merchant_id, approved_by) references staff,
  check (asked_by <> approved_by)
);

-- Append-only: what a product cost until when, and who changed it.
create table price_change (
  merchant_id uuid not null,
  product_id uuid not null,
  change_id uuid not null,
  price_before bigint not null,
  price_after bigint not null check (price_after <> price_before),
  changed_by uuid not null,
  approved_by uuid,
  changed_at timestamptz not null default now(),
  primary key (merchant_id, product_id, change_id),
  foreign key (merchant_id, product_id) references product
);

-- What a sale takes back at the till, on its own business day; its money goes back by `refund`.
create table sale_return (
  merchant_id uuid not null,
  return_id uuid not null,
  sale_id uuid not null,
  kind varchar(6) not null check (kind in ('refund', 'void')),
  amount bigint not null check (amount > 0),
  reason varchar(200) not null,
  restock boolean not null,
  business_date date not null,
  returned_by uuid not null,
  approved_by uuid,
  returned_at timestamptz not null default now(),
  primary key (merchant_id, return_id),
  foreign key (merchant_id, sale_id) references sale,
  foreign key (merchant_id, returned_by) references staff (merchant_id, staff_id)
);
create index sale_return_by_sale on sale_return (merchant_id, sale_id);
create unique index sale_return_void on sale_return (merchant_id, sale_id) where kind = 'void';

create table sale_return_line (
  merchant_id uuid not null,
  return_id uuid not null,
  sale_id uuid not null,
  line smallint not null,
  quantity integer not null check (quantity > 0),
  primary key (merchant_id, return_id, line),
  foreign key (merchant_id, return_id) references sale_return,
  foreign key (merchant_id, sale_id, line) references sale_line
);

-- The return that asked for it, and, of cash, the outlet whose drawer gave it.
alter table refund
  add column return_id uuid,
  add column outlet_id uuid;
create index refund_by_return on refund (merchant_id, return_id) where return_id is not null;

-- Of what is in gross: taken back, as a sum above zero.
alter table report_hour
  add column returns integer not null default 0,
  add column returned bigint not null default 0;
