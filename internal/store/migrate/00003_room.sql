-- +goose Up

-- The highest position that was ever reserved in the one order of everything. There is one row.
create table position_head (
  up_to bigint not null
);
insert into position_head (up_to) values (0);

create table room (
  id      text primary key,
  version text not null,
  creator text not null,
  created bigint not null
);

-- Durable events: state, and the service user's words. Nothing that a person said is ever here.
create table room_event (
  id        text primary key,
  room      text not null references room (id),
  pos       bigint not null unique,
  type      text not null,
  has_key   boolean not null,
  state_key text not null,
  sender    text not null,
  at        bigint not null,
  content   text not null,
  prev      text not null,
  is_now    boolean not null -- the room's current state
);
create index room_event_pos on room_event (room, pos);
create index room_event_now on room_event (room, type, state_key) where is_now;

create table member (
  room   text not null references room (id),
  person text not null,
  state  text not null,
  name   text not null,
  by_whom text not null,
  pos    bigint not null,
  sees   bigint not null,
  primary key (room, person)
);
create index member_person on member (person);
