-- Wallet holders. The password is kept as an Argon2id hash, never as it was typed.
create table users (
  id uuid primary key,
  username varchar(50) not null unique,
  email varchar(254) not null unique,
  phone varchar(20) not null unique,
  password varchar(255) not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
