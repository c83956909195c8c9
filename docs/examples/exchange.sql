-- Rp 1.600.000 become US$ 99.50: the customer's rupiah go into one pocket, dollars come out of another, and the spread of
-- Rp 8.000 is a transfer of its own. Each currency sums to zero by itself; no transfer crosses from one to the other.
select pg_temp.open('bank', 'bank'), pg_temp.open('bank USD', 'bank', 'USD'), pg_temp.open('andi', 'wallet'), pg_temp.open('andi USD', 'wallet', 'USD');
select pg_temp.open('liquidity:IDR', 'liquidity'), pg_temp.open('liquidity:USD', 'liquidity', 'USD'), pg_temp.open('fx revenue', 'sales');
select pg_temp.post('topup', 'topup', 'bank', 'andi', 2000000);

-- Rupiah can't be credited to an account of dollars.
select pg_temp.post('X-1', 'exchange_in', 'andi', 'andi USD', 1600000);

select pg_temp.post('X-1 in', 'exchange_in', 'andi', 'liquidity:IDR', 1600000);
select pg_temp.post('X-1 out', 'exchange_out', 'liquidity:USD', 'andi USD', 99.50, 'USD');
select pg_temp.post('X-1 spread', 'spread', 'liquidity:IDR', 'fx revenue', 8000);

select account, currency, balance from balance order by currency, account;
select currency, sum(balance) as sum from balance group by currency order by currency;
