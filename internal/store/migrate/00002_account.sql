-- +goose Up

create table person (
  id            text primary key,
  name          text not null,
  role          text not null,
  role_group    text not null,
  unit          text not null,
  disabled      boolean not null,
  created       bigint not null,
  password_hash text not null
);

create table device (
  person     text not null references person (id),
  id         text not null,
  name       text not null,
  created    bigint not null,
  expires    bigint not null, -- 0: never
  token_hash blob not null unique,  -- only: sqlite
  token_hash bytea not null unique, -- only: postgres
  primary key (person, id)
);

-- What clients keep for themselves. room is empty for the whole account.
create table account_data (
  person  text not null references person (id),
  room    text not null,
  kind    text not null,
  pos     bigint not null,
  content blob not null,  -- only: sqlite
  content bytea not null, -- only: postgres
  primary key (person, room, kind)
);
create index account_data_pos on account_data (person, pos);

create table filter (
  person  text not null references person (id),
  name    text not null,
  content blob not null,  -- only: sqlite
  content bytea not null, -- only: postgres
  primary key (person, name)
);
