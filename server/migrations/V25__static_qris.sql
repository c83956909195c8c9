-- An outlet's own printed QRIS, used when no provider can be reached. Who changes it says where customers' money goes.
--   payload             as it was read from the print, checked (contract/static-qris.ts)
--   verify_within_days  what no statement has shown by then is a case
create table static_qris (
  merchant_id uuid not null,
  outlet_id uuid not null,
  payload varchar(512) not null,
  merchant_name varchar(25) not null,
  verify_within_days smallint not null default 3 check (verify_within_days between 1 and 60),
  set_by uuid not null,
  set_at timestamptz not null default now(),
  primary key (merchant_id, outlet_id),
  foreign key (merchant_id, outlet_id) references outlet,
  foreign key (merchant_id, set_by) references staff (merchant_id, staff_id)
);

-- A payment by the printed code is believed by a cashier's word alone until a statement shows it. Moves: server/payments/payment.ts.
alter table payment
  add column verification varchar(10) check (verification in ('unverified', 'verified', 'lost')),
  add column outlet_id uuid,
  add column confirmed_by uuid,
  add check ((verification is null) = (outlet_id is null) and (verification is null) = (confirmed_by is null));
create index payment_unverified on payment (merchant_id, paid_at) where verification = 'unverified';
-- one proof proves one payment
create unique index payment_static_reference on payment (merchant_id, reference) where verification is not null;

-- What no statement has shown in time, and the action that settles it.
alter table settlement_case drop constraint settlement_case_kind_check;
alter table settlement_case add check (kind in ('missing_here', 'missing_there', 'amount_differs', 'fee_differs', 'day_differs', 'doubled', 'unverified'));
alter table settlement_case drop constraint settlement_case_state_check;
alter table settlement_case add check (state in ('open', 'applied', 'written_off', 'refund_due', 'refunded', 'ignored', 'arrived', 'verified'));
alter table settlement_case drop constraint settlement_case_check;
alter table settlement_case add check ((kind in ('missing_there', 'unverified')) = (row_id is null));
