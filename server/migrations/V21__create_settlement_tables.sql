-- A provider's file of what it paid out, as it was imported; the same file is imported once.
--   layout       the name of the layout it was read with, and mapping the layout itself
--   period       the first and the last day on which its rows were paid
--   skipped      rows that are no money: unpaid, expired
--   gross, fee   minor units, over all its rows; net is what reached the bank by its own account
--   state        open while one of its rows has an open case
create table settlement_statement (
  merchant_id uuid not null references merchant,
  statement_id uuid not null,
  provider varchar(20) not null,
  name varchar(200) not null,
  sha256 bytea not null check (length(sha256) = 32),
  layout varchar(20) not null,
  mapping jsonb not null,
  time_zone varchar(40) not null,
  period_from date not null,
  period_to date not null check (period_to >= period_from),
  currency char(3) not null,
  rows integer not null check (rows > 0),
  skipped integer not null,
  gross bigint not null,
  fee bigint not null,
  net bigint not null check (net = gross - fee),
  state varchar(10) not null check (state in ('open', 'settled')),
  imported_by uuid not null,
  imported_at timestamptz not null default now(),
  primary key (merchant_id, statement_id),
  unique (merchant_id, provider, sha256)
);
create index settlement_statement_period on settlement_statement (merchant_id, provider, period_from, period_to);

-- A row as it came (raw, without what is personal) and as it was read. Nothing changes it.
--   line         its line in the file, the header's being 1 where nothing stands above it
--   identity     what makes it the same row in another statement
--   gross        what the payer paid for us, without a fee of the payer's own; below zero where money was taken back
create table settlement_row (
  merchant_id uuid not null,
  row_id uuid not null,
  statement_id uuid not null,
  provider varchar(20) not null,
  line integer not null,
  identity varchar(300) not null,
  kind varchar(10) not null check (kind in ('payment', 'refund', 'adjustment')),
  reference varchar(80),
  merchant_ref varchar(64),
  gross bigint not null,
  fee bigint not null,
  net bigint not null check (net = gross - fee),
  paid_day date not null,
  paid_time time,
  settled_day date,
  raw jsonb not null,
  primary key (merchant_id, row_id),
  unique (merchant_id, statement_id, line),
  foreign key (merchant_id, statement_id) references settlement_statement
);
create index settlement_row_identity on settlement_row (merchant_id, provider, identity);
create index settlement_row_day on settlement_row (merchant_id, provider, paid_day);

-- What each row was found to be, and of which document of ours. Outcomes: server/settlement/match.ts.
--   gross_over, fee_over  minor units: what the row says less what our books say
create table settlement_match (
  merchant_id uuid not null,
  row_id uuid not null,
  outcome varchar(15) not null check (outcome in ('matched', 'missing_here', 'amount_differs', 'fee_differs', 'day_differs', 'doubled')),
  document_kind varchar(10) check (document_kind in ('payment', 'suspense', 'refund')),
  document_id uuid,
  gross_over bigint not null,
  fee_over bigint not null,
  primary key (merchant_id, row_id),
  foreign key (merchant_id, row_id) references settlement_row,
  check ((document_kind is null) = (document_id is null)),
  check (outcome in ('missing_here', 'doubled') or document_id is not null)
);
-- no two rows settle one document
create unique index settlement_match_document on settlement_match (merchant_id, document_id) where outcome not in ('missing_here', 'doubled');

-- A difference between a statement and our books, until somebody decides. Kinds, states and moves: server/settlement/case.ts.
--   payment_id   the payment it is about or, where the provider was paid without our knowing, the one that it names
--   gross_over, fee_over  as above; of a payment that no statement names, what our books say, below zero
create table settlement_case (
  merchant_id uuid not null,
  case_id uuid not null,
  provider varchar(20) not null,
  kind varchar(15) not null check (kind in ('missing_here', 'missing_there', 'amount_differs', 'fee_differs', 'day_differs', 'doubled')),
  statement_id uuid,
  row_id uuid,
  document_kind varchar(10) check (document_kind in ('payment', 'suspense', 'refund')),
  document_id uuid,
  payment_id uuid,
  reference varchar(80),
  currency char(3) not null,
  gross_over bigint not null,
  fee_over bigint not null,
  state varchar(12) not null default 'open' check (state in ('open', 'applied', 'written_off', 'refund_due', 'refunded', 'ignored', 'arrived')),
  opened_at timestamptz not null default now(),
  decided_at timestamptz,
  primary key (merchant_id, case_id),
  check ((kind = 'missing_there') = (row_id is null)),
  foreign key (merchant_id, row_id) references settlement_row
);
create index settlement_case_open on settlement_case (merchant_id, state, opened_at);
create index settlement_case_row on settlement_case (merchant_id, row_id) where row_id is not null;
create index settlement_case_document on settlement_case (merchant_id, document_id) where document_id is not null;

-- Who decided what on a case, and why; written once.
--   staff_id     nobody, where a statement or a notification that came later answered the case
create table settlement_decision (
  merchant_id uuid not null,
  case_id uuid not null,
  step smallint not null,
  event varchar(12) not null,
  staff_id uuid,
  reason varchar(300) not null,
  order_id varchar(64),
  decided_at timestamptz not null default now(),
  primary key (merchant_id, case_id, step),
  foreign key (merchant_id, case_id) references settlement_case
);

-- what a provider told and what people decided is not the program's to change
revoke update, delete, truncate on settlement_row, settlement_decision from onegate_app;

-- a day's payments and sales are found by blocks, which costs their writers nothing
create index payment_paid_day on payment using brin (paid_at);
create index sale_business_day on sale using brin (business_date);
