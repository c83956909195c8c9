-- Who did what, when and from where: one chain a merchant, written some time after the fact by the one consumer that follows
-- the outbox (server/identity/audit). What goes into a hash: docs/guides/audit.md.
--   before, after  what changed, only fields that are named for the action, personal data masked
--   count          how often it was refused in that minute; 1 for everything else
create table audit_entry (
  merchant_id uuid not null,
  seq bigint not null check (seq > 0),
  at timestamptz not null,
  actor varchar(80) not null,
  action varchar(57) not null,
  subject varchar(80) not null,
  device_id uuid,
  outlet_id uuid,
  address varchar(64),
  request_id varchar(64),
  count bigint not null check (count > 0),
  before jsonb,
  after jsonb,
  previous_hash bytea not null check (length(previous_hash) = 32),
  hash bytea not null check (length(hash) = 32),
  primary key (merchant_id, seq)
);
create index audit_entry_actor on audit_entry (merchant_id, actor, seq);
create index audit_entry_action on audit_entry (merchant_id, action, seq);
create index audit_entry_subject on audit_entry (merchant_id, subject, seq);
-- hashes don't compress
alter table audit_entry alter column hash set storage external;

revoke update, delete, truncate, references, trigger on audit_entry from onegate_app;
