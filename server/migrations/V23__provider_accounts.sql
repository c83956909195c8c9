-- A merchant's own account at a provider. What it pays through stays asked about and believed when it is off.
--   holder   the provider's name for the merchant: another holder is another account
--   sealed   the credentials, with ONEGATE_SECRET_KEY; key_id tells with which one
--   hint     the last characters of what a person knows the credentials by
--   version  of the credentials
create table provider_account (
  merchant_id uuid not null,
  account_id uuid not null,
  provider varchar(20) not null,
  holder varchar(120) not null,
  sealed bytea not null,
  key_id varchar(12) not null,
  hint varchar(4) not null,
  state varchar(6) not null check (state in ('active', 'off')),
  version integer not null default 1,
  created_by varchar(80) not null,
  created_at timestamptz not null default now(),
  changed_by varchar(80) not null,
  changed_at timestamptz not null default now(),
  primary key (merchant_id, account_id),
  unique (merchant_id, provider, holder)
);
-- a notification's path names the account alone
create unique index provider_account_id on provider_account (account_id);
create unique index provider_account_active on provider_account (merchant_id, provider) where state = 'active';

-- The account through which money was asked for or came; without one, the installation's.
alter table payment add column account_id uuid;
alter table suspense_case add column account_id uuid;
