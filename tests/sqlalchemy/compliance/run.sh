#!/usr/bin/env bash
# run.sh VENV FOLDER: SQLAlchemy's compliance suite on every transport, against a database of its own, on the services of
# tests/with-services.sh. Ends with a line of totals in pytest's words. known.txt says what may fail: MODE TEST REASON.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
venv=$1 folder=$2
cd "$here" || exit 1

psql() { command psql -X -q -v ON_ERROR_STOP=1 "$@"; }

database()
{
    psql -d "$NEON_TEST_PG_ADMIN_URL" -c "CREATE ROLE sa SUPERUSER LOGIN PASSWORD 'sa'" -c "CREATE DATABASE sa OWNER sa" || return 1
    psql -d "host=$NEON_TEST_PG_HOST port=$NEON_TEST_PG_PORT dbname=sa user=sa password=sa" \
        -c "CREATE EXTENSION citext" -c "CREATE EXTENSION hstore" -c "CREATE SCHEMA test_schema" -c "CREATE SCHEMA test_schema_2"
}

# suite NAME DRIVERNAME OPTIONS
suite()
{
    local name=$1 log=$folder/compliance-$1.log url
    url="$2://sa:sa@$NEON_TEST_SERVER/sa?api_host=$NEON_TEST_GATEWAY_URL&allow_insecure=1&driver=$NEON_TEST_DRIVER&$3"
    "$venv/bin/python" -m pytest -q -p no:cacheprovider --dburi "$url" -rfE >"$log" 2>&1
    "$venv/bin/python" judge.py "$name" "$log" known.txt
}

database || { echo "1 failed"; exit 1; }
total=
for line in 'websocket postgresql+neonodbc transport=websocket' 'auto postgresql+neonodbc transport=auto' \
    'async postgresql+neonodbc_async transport=websocket' 'http postgresql+neonodbc transport=http' \
    'autocommit postgresql+neonodbc transport=http&autocommit=1'; do
    read -r name driver options <<<"$line"
    out=$(suite "$name" "$driver" "$options")
    printf '%s\n' "$out"
    total="$total, $(tail -n 1 <<<"$out")"
done
echo "$total"
