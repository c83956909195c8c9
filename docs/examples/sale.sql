-- A latte for Rp 28.000, paid by QRIS through Tripay. PPN of 12 % on 11/12 of the price is included: Rp 2.775.
-- A balance is credits less debits: what the shop owns (clearing) is below zero, what it earned or owes is above.
select pg_temp.open('clearing:tripay', 'provider_clearing'), pg_temp.open('fees', 'fees'), pg_temp.open('received', 'received'), pg_temp.open('sales', 'sales'), pg_temp.open('tax_payable', 'tax_payable');

-- The provider says it was paid: it owes us the sum, and keeps its fee.
select pg_temp.post('P-1 collect', 'collect', 'clearing:tripay', 'received', 28000);
select pg_temp.post('P-1 fee', 'fee', 'fees', 'clearing:tripay', 946);

-- It says so again, as providers do. Nothing moves.
select pg_temp.post('P-1 collect', 'collect', 'clearing:tripay', 'received', 28000);

-- The same id with another sum is not the same transfer.
select pg_temp.post('P-1 collect', 'collect', 'clearing:tripay', 'received', 29000);

-- What was received becomes revenue and tax.
select pg_temp.post('S-1 sale', 'sale', 'received', 'sales', 25225);
select pg_temp.post('S-1 tax', 'tax', 'received', 'tax_payable', 2775);

select account, version, transfer, amount, balance_after from page order by account, version;
select currency, sum(balance) as sum from balance group by currency;

-- History is not for changing, not even by the program that wrote it.
set role onegate_app;
update ledger_transfer set amount = 1;
delete from ledger_transfer;
reset role;
