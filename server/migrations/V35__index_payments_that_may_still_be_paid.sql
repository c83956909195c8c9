-- Inquiries read payments in the order of ask_at. Rows that are over leave the index by their state, also when a program of the
-- version before leaves their ask_at as it was, so they never stand before those that wait.
drop index payment_to_ask;
create index payment_to_ask on payment (ask_at) where ask_at is not null and state in ('created', 'pending', 'unknown', 'cancelled');
