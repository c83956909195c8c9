-- When a payment's provider is to be asked about it, and how often it was asked since that was planned.
-- Null: nobody asks any more. The default is for a program of the version before, that doesn't know the column.
alter table payment add column ask_at timestamptz, add column asked smallint not null default 0;
update payment set ask_at = now() where state in ('created', 'pending', 'unknown');
alter table payment alter column ask_at set default now() + interval '20 seconds';

drop index payment_open;
create index payment_to_ask on payment (ask_at) where ask_at is not null;
