-- What the golden tables in this folder describe (tests/odbc/test_catalog.c). Run as superuser in database shop, on
-- PostgreSQL 14 to 18; everything belongs to role app.
set client_min_messages = error;
drop schema if exists zoo, "Odd ""zoo", "zoo_x", "zoo%x" cascade;
drop foreign data wrapper if exists zoo_wrapper cascade;
create foreign data wrapper zoo_wrapper;
create server zoo_server foreign data wrapper zoo_wrapper;
grant usage on foreign server zoo_server to app;
create schema zoo authorization app;
create schema "Odd ""zoo" authorization app;
create schema "zoo_x" authorization app;
create schema "zoo%x" authorization app;
set role app;
set search_path = zoo;

-- Types of columns.
create type mood as enum ('sad', 'fine', 'over the moon');
create type pair as (n integer, t text);
create domain positive as integer not null check (value > 0);
create domain small_positive as positive check (value < 100);
create domain code as varchar(5);
create domain code_default as code default 'none';
create table every_kind (
    id         bigint generated always as identity primary key,
    serial_no  serial,
    label      varchar(20) not null default 'it''s new',
    padded     char(4) default 'ab',
    long_text  text default null,
    amount     numeric(12,2) not null default -1.50,
    free       numeric,
    ratio      double precision default 'NaN',
    small      smallint default '-1',
    yes        boolean not null default true,
    day        date default current_date,
    at         timestamp(3),
    at_zone    timestamptz not null default now(),
    span       interval default '1 day',
    bytes      bytea default '\x00ff',
    guid       uuid,
    doc        jsonb default '{"a": "::text"}',
    feeling    mood default 'fine',
    couple     pair,
    list       integer[] default '{1,2}',
    count_of   positive default 7,
    tiny       small_positive,
    code       code_default,
    twice      numeric(12,2) generated always as (amount * 2) stored,
    computed   text default lower('ABC') || 'x'::text,
    quoted     text default '''::'
);
alter table every_kind drop column padded;
comment on table every_kind is 'One column of each kind';
comment on column every_kind.label is 'what it is called, a "label"';

-- Names.
create table "Odd ""zoo"."Mixed Case" ("a%b" integer primary key, "a_b" text, "axb" text, "Straße" text, "quo""te" text, "back\slash" text);
create table "Odd ""zoo".a_b (i integer);
create table "Odd ""zoo".axb (i integer);
create table "Odd ""zoo"."100%" (i integer);
create table "Odd ""zoo"."動物園🦊" ("名前" text);
create table "Odd ""zoo"."back\slash" (i integer);
create table zoo."sixty_three_bytes_long_name_that_is_as_long_as_a_name_can_be_xyz" (i integer);
create table zoo_x.same_name (i integer primary key, only_here text);
create table "zoo%x".same_name (i integer, j integer, primary key (j, i));

-- Kinds of tables.
create view keepers as select 'Ada'::text as name, 1 as id;
create materialized view census as select 1 as id, 'x'::varchar(9) as what;
create unique index census_id on census (id);
create foreign table elsewhere (a integer not null, b text) server zoo_server;
create table measured (taken date not null, place integer not null, value real, primary key (taken, place)) partition by range (taken);
create table measured_2025 partition of measured for values from ('2025-01-01') to ('2026-01-01');
create table animal (name text primary key, legs integer);
create table bird (wings integer) inherits (animal);
comment on view keepers is 'Who keeps them';

-- Keys and indexes.
create table species (
    kingdom  text,
    family   text,
    latin    text not null,
    english  text,
    note     text,
    constraint species_key primary key (family, kingdom) include (note),
    constraint species_latin unique (latin)
);
create table specimen (
    id       integer constraint specimen_key primary key,
    kingdom  text,
    family   text,
    latin    text,
    mother   integer constraint its_mother references specimen deferrable initially deferred,
    kin      text,
    order_no integer,
    place    integer,
    constraint its_species foreign key (family, kingdom) references species (family, kingdom) on update cascade on delete restrict,
    constraint its_name foreign key (latin) references species (latin) on update set null on delete set default deferrable
);
create table zoo_x.visit (
    specimen integer not null references zoo.specimen on delete cascade,
    taken    date,
    place    integer,
    nth      integer not null,
    constraint visit_measure foreign key (taken, place) references zoo.measured (taken, place),
    constraint visit_nth unique (nth)
);
create index specimen_by_kin on specimen (lower(kin), order_no desc);
create index specimen_partial on specimen (place) where place > 0 and kin is not null;
create unique index specimen_include on specimen (order_no, place) include (kin);
create index specimen_hash on specimen using hash (latin);
create index specimen_expression on specimen ((id + order_no));
alter table specimen cluster on specimen_include;
create table no_primary (a integer not null, b integer not null, c integer, constraint no_primary_ab unique (b, a), constraint no_primary_c unique (c));
create unique index no_primary_partial on no_primary (a) where c is null;
create table deferred_key (a integer not null, b integer not null, unique (a) deferrable, unique (b));
create table keyless (a integer, b text);
insert into specimen (id, place, order_no) values (1, 1, 1), (2, 2, 2), (3, 3, 3);
insert into species values ('animals', 'cats', 'felis', 'cat', null);
vacuum analyze specimen;
vacuum analyze species;

-- Privileges.
grant select, insert on species to reader with grant option;
grant select on species to public;
grant select (id, place), update (place) on specimen to reader;

-- Routines.
create function area(w integer, h integer default 2) returns bigint language sql as 'select (w * h)::bigint';
create function area(square double precision) returns double precision language sql as 'select $1 * $1';
create function nothing() returns void language sql as '';
create function no_names(integer, varchar, out integer, inout text) language sql as 'select 1, ''x''::text';
create function all_species() returns setof species language sql as 'select * from species';
create function some_names(prefix text) returns setof text language sql as 'select prefix';
create function found(pattern text) returns table (latin text, n small_positive) language sql as 'select ''x''::text, 1::small_positive';
create function pairs(out a integer, out b text) returns setof record language sql as 'select 1, ''x''::text';
create function many(variadic list numeric[]) returns numeric language sql as 'select list[1]';
create function watch() returns trigger language plpgsql as 'begin return new; end';
create aggregate total (integer) (sfunc = int4pl, stype = integer);
create procedure feed(animal integer, inout food text default 'hay', how_much numeric default 1.5) language sql as 'select food';
create procedure feed(animal integer) language sql as '';
comment on procedure feed(integer, text, numeric) is 'Gives food';
reset role;
reset search_path;
