-- +goose Up

-- How many entries the ledger has. There is one row. It only grows.
create table ledger_head (
  size bigint not null
);
insert into ledger_head (size) values (0);

-- The hashes of the ledger's tree, in the order of the C2SP tlog-tiles numbering of stored hashes.
create table ledger_hash (
  idx  bigint primary key,
  hash blob not null  -- only: sqlite
  hash bytea not null -- only: postgres
);

-- The entries, from 0, as the bytes that were hashed.
create table ledger_entry (
  idx   bigint primary key,
  entry blob not null  -- only: sqlite
  entry bytea not null -- only: postgres
);
