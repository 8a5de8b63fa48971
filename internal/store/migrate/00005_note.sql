-- +goose Up

-- Notes are immutable: nothing in this file but a delivery is ever updated.
create table note_number (
  year   bigint primary key,
  latest bigint not null
);

create table note (
  ref         text primary key,
  session     text not null,
  room        text not null,
  by_whom     text not null,
  filed       bigint not null,
  title       text not null,
  folder      text not null,
  automatic   boolean not null,
  fingerprint blob not null,  -- only: sqlite
  fingerprint bytea not null, -- only: postgres
  entry       bigint not null,
  manifest    blob not null  -- only: sqlite
  manifest    bytea not null -- only: postgres
);
create index note_session on note (session);

create table note_reader (
  ref    text not null references note (ref),
  person text not null,
  primary key (ref, person)
);
create index note_reader_person on note_reader (person);

create table note_quote (
  ref   text not null references note (ref),
  event text not null,
  primary key (ref, event)
);
create index note_quote_event on note_quote (event);

create table note_file (
  ref  text not null references note (ref),
  name text not null,
  data blob not null,  -- only: sqlite
  data bytea not null, -- only: postgres
  sum  blob not null,  -- only: sqlite
  sum  bytea not null, -- only: postgres
  primary key (ref, name)
);

create table delivery (
  ref     text not null,
  name    text not null,
  folder  text not null,
  done    bigint not null, -- 0: not yet
  tries   bigint not null,
  next    bigint not null,
  trouble text not null,
  primary key (ref, name),
  foreign key (ref, name) references note_file (ref, name)
);
create index delivery_due on delivery (next) where done = 0;
