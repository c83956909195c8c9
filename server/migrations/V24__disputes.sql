-- Money of a payment that its provider took back after success. States and moves: server/payments/dispute.ts.
--   reference       the provider's, or made of it; what is told again is the same dispute
--   amount          what is disputed of the payment: with its refunds never more than was paid
--   beyond          what the provider took beyond that; it stands in suspense
--   case_id         the case of the money in suspense, where it is that in whole which was taken back
--   fee             what the provider kept for a lost one
--   evidence_until  by when the provider wants evidence, where somebody has noted it
create table dispute (
  merchant_id uuid not null,
  dispute_id uuid not null,
  payment_id uuid not null,
  order_id varchar(64) not null,
  case_id uuid,
  provider varchar(20) not null,
  reference varchar(80) not null,
  currency char(3) not null,
  amount bigint not null check (amount >= 0),
  beyond bigint not null check (beyond >= 0),
  fee bigint not null default 0 check (fee >= 0),
  state varchar(10) not null default 'opened' check (state in ('opened', 'won', 'lost')),
  reason varchar(200) not null,
  evidence_until timestamptz,
  note varchar(300),
  decided_by varchar(80),
  opened_at timestamptz not null default now(),
  decided_at timestamptz,
  primary key (merchant_id, dispute_id),
  unique (merchant_id, provider, reference),
  foreign key (merchant_id, payment_id) references payment,
  check (amount + beyond > 0),
  check ((state = 'opened') = (decided_at is null))
);
create index dispute_by_payment on dispute (merchant_id, payment_id);
create index dispute_by_order on dispute (merchant_id, order_id);
create index dispute_by_state on dispute (merchant_id, state, opened_at);

-- a statement's row of money taken back may be a dispute's
alter table settlement_match drop constraint settlement_match_document_kind_check;
alter table settlement_match add check (document_kind in ('payment', 'suspense', 'refund', 'dispute'));
alter table settlement_case drop constraint settlement_case_document_kind_check;
alter table settlement_case add check (document_kind in ('payment', 'suspense', 'refund', 'dispute'));

-- Since when it is known that the answer to a payment's opening was lost: where its code can't be read again, it is ended and replaced.
alter table payment add column lost_at timestamptz;

-- Who said that a refund is done or given up, and where the money came from: the provider, or the bank when the provider gave nothing.
alter table refund
  add column paid_from varchar(10) not null default 'provider' check (paid_from in ('provider', 'bank')),
  add column decided_by varchar(80);
