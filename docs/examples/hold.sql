-- A hotel holds Rp 600.000 of a guest's Rp 1.000.000, takes Rp 450.000 in two parts and gives the rest back.
select pg_temp.open('bank', 'bank'), pg_temp.open('guest', 'wallet'), pg_temp.open('hotel', 'wallet');
select pg_temp.post('topup', 'topup', 'bank', 'guest', 1000000);
select pg_temp.reserve('H-1', 'guest', 'hotel', 600000);
select * from balance where account = 'guest';

-- What is held can't be spent: 400.000 are available.
select pg_temp.post('dinner', 'payment', 'guest', 'hotel', 400000.01);
select pg_temp.post('dinner', 'payment', 'guest', 'hotel', 400000);

select pg_temp.capture('night 1', 'H-1', 'guest', 'hotel', 300000);
-- More than is held is refused; what is left may be taken.
select pg_temp.capture('night 2', 'H-1', 'guest', 'hotel', 300000.01);
select pg_temp.capture('night 2', 'H-1', 'guest', 'hotel', 150000);
select pg_temp.release('H-1', 'guest', 'hotel', 600000);
select pg_temp.capture('minibar', 'H-1', 'guest', 'hotel', 1);

select account, version, transfer, kind, amount, balance_after from page where account = 'guest' order by version;
select * from balance order by account;
