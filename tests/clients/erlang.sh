#!/usr/bin/env bash
# Erlang's odbc application.
. "$(dirname "$0")/lib/common.sh"
need escript
[ "$(erl -noshell -eval 'io:format("~p", [filelib:is_dir(code:priv_dir(odbc))]), halt().' 2>/dev/null)" = true ] ||
    skip "erlang-odbc is not installed: tests/deps.sh clients"
export HOME=$scratch
exec escript "$here/erlang_client.escript"
