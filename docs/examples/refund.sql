-- A payment of Rp 50.000 is given back in two parts. Nothing that was posted is changed: a refund is a transfer of its own.
select pg_temp.open('bank', 'bank'), pg_temp.open('andi', 'wallet'), pg_temp.open('warung', 'wallet');
select pg_temp.post('topup', 'topup', 'bank', 'andi', 100000);
select pg_temp.post('P-1', 'payment', 'andi', 'warung', 50000);
select pg_temp.post('P-1 refund 1', 'refund', 'warung', 'andi', 20000);

-- The shop paid its supplier meanwhile: what it no longer has it can't give back.
select pg_temp.post('supplier', 'payment', 'warung', 'bank', 10000);
select pg_temp.post('P-1 refund 2', 'refund', 'warung', 'andi', 30000);
select pg_temp.post('P-1 refund 2', 'refund', 'warung', 'andi', 20000);

select account, version, transfer, amount, balance_after from page where account in ('andi', 'warung') order by account, version;
select currency, sum(balance) as sum from balance group by currency;
