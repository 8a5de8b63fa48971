-- +goose Up

-- What lasts of a session: times and figures. What was said in it is never here.
create table session (
  id          text primary key,
  room        text not null references room (id),
  started     bigint not null,
  started_by  text not null,
  start_pos   bigint not null,
  policy      bigint not null,
  state       text not null,
  events      bigint not null,
  ended       bigint not null,
  reason      text not null,
  disposition text not null,
  messages    bigint not null,
  edits       bigint not null,
  reactions   bigint not null,
  withdrawn   bigint not null,
  quoted      bigint not null,
  people      bigint not null,
  answered    bigint not null,
  unanswered  bigint not null,
  extensions  bigint not null,
  redact_pos  bigint not null,
  decision    bigint not null,
  completion  bigint not null
);
create index session_room on session (room, start_pos);
create index session_state on session (state) where state in ('open', 'decided');
create index session_redact on session (room, redact_pos);

-- The rules as published, by version.
create table policy (
  version   bigint primary key,
  rules     text not null,
  entry     bigint not null, -- in the ledger
  published bigint not null
);
