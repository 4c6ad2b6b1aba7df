#!/usr/bin/env escript
%% -*- coding: utf-8 -*-
%% Erlang's odbc application through the driver. Prints TAP; called by erlang.sh.

check(Name, Got, Wanted) ->
    N = get(count) + 1,
    put(count, N),
    case Got =:= Wanted of
        true -> io:format("ok ~b - ~s~n", [N, Name]);
        false -> put(failures, get(failures) + 1), io:format("not ok ~b - ~s~n# got    ~0p~n# wanted ~0p~n", [N, Name, Got, Wanted])
    end.

main(_) ->
    put(count, 0),
    put(failures, 0),
    ok = odbc:start(),
    Dsn = "DSN=" ++ os:getenv("CLIENT_DSN"),
    {ok, Db} = odbc:connect(Dsn, [{auto_commit, on}, {scrollable_cursors, on}, {binary_strings, on}, {extended_errors, on}]),
    odbc:sql_query(Db, "drop table if exists client_erlang"),
    check("create table", element(1, odbc:sql_query(Db, "create table client_erlang (id integer primary key, name varchar(200), "
        "amount numeric(6,2), ratio double precision, at timestamp, flag boolean)")), updated),
    Text = unicode:characters_to_binary("Zoë, Ναταλία, 山田, 𝒳, 'quoted', \\ and\nnewline"),
    check("insert with parameters, three rows at once", odbc:param_query(Db, "insert into client_erlang values (?, ?, ?, ?, ?, ?)", [
        {sql_integer, [1, 2, 3]}, {{sql_varchar, 200}, [Text, null, <<"three">>]}, {{sql_numeric, 6, 2}, [-123.25, null, 3.5]},
        {sql_double, [2.5, null, 3.0]}, {sql_timestamp, [{{2024, 2, 29}, {23, 59, 59}}, null, {{2024, 3, 1}, {0, 0, 0}}]},
        {sql_bit, [true, null, false]}]), {updated, 3}),
    %% (text comes as UTF-16 in the machine's order)
    Wide = fun(Utf8) -> unicode:characters_to_binary(Utf8, utf8, {utf16, little}) end,
    check("the rows come back", odbc:sql_query(Db, "select * from client_erlang order by id"),
        {selected, ["id", "name", "amount", "ratio", "at", "flag"], [
            {1, Wide(Text), -123.25, 2.5, {{2024, 2, 29}, {23, 59, 59}}, true},
            {2, null, null, null, null, null},
            {3, Wide(<<"three">>), 3.5, 3.0, {{2024, 3, 1}, {0, 0, 0}}, false}]}),
    check("a parameter in a query", odbc:param_query(Db, "select id from client_erlang where name = ?", [{{sql_varchar, 200}, [Text]}]),
        {selected, ["id"], [{1}]}),
    {ok, _} = odbc:select_count(Db, "select n from generate_series(1, 9) n order by n"),
    check("scrolling", [odbc:last(Db), odbc:prev(Db), odbc:select(Db, {absolute, 3}, 2), odbc:first(Db), odbc:next(Db)],
        [{selected, ["n"], [{9}]}, {selected, ["n"], [{8}]}, {selected, ["n"], [{3}, {4}]}, {selected, ["n"], [{1}]}, {selected, ["n"], [{2}]}]),
    {ok, Description} = odbc:describe_table(Db, "client_erlang"),
    check("columns", Description, [{"id", sql_integer}, {"name", {sql_wvarchar, 200}}, {"amount", {sql_numeric, 6, 2}},
        {"ratio", sql_double}, {"at", sql_timestamp}, {"flag", sql_bit}]),
    {ok, Writer} = odbc:connect(Dsn, [{auto_commit, off}, {scrollable_cursors, off}, {extended_errors, on}]),
    Count = "select count(*)::int as n from client_erlang where id between 10 and 19",
    odbc:sql_query(Writer, "insert into client_erlang (id) values (10)"),
    check("a transaction sees its own rows", odbc:sql_query(Writer, Count), {selected, ["n"], [{1}]}),
    ok = odbc:commit(Writer, rollback),
    check("rollback", odbc:sql_query(Writer, Count), {selected, ["n"], [{0}]}),
    odbc:sql_query(Writer, "insert into client_erlang (id, name) values (11, 'kept')"),
    ok = odbc:commit(Writer, commit),
    check("commit", odbc:sql_query(Db, Count), {selected, ["n"], [{1}]}),
    odbc:disconnect(Writer),
    {error, {Missing, _, _}} = odbc:sql_query(Db, "select * from no_such_table"),
    check("a table that is not there", Missing, "42S02"),
    {error, {Unique, _, _}} = odbc:sql_query(Db, "insert into client_erlang (id) values (1)"),
    check("a second row with the key", Unique, "23505"),
    {error, {Wrong, _, _}} = odbc:connect(Dsn ++ ";PWD=wrong", [{extended_errors, on}]),
    check("a wrong password", Wrong, "28000"),
    odbc:sql_query(Db, "drop table client_erlang"),
    odbc:disconnect(Db),
    io:format("1..~b~n", [get(count)]),
    halt(case get(failures) of 0 -> 0; _ -> 1 end).
