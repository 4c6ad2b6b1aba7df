#!/usr/bin/env bash
# run.sh VENV FOLDER: SQLAlchemy's compliance suite on every transport, against a database of its own for each, on the services
# of tests/with-services.sh. Ends with a line of totals in pytest's words. known.txt says what may fail: MODE TEST REASON.
# MODES in the environment: those to run instead. MODES=postgresql are SQLAlchemy's tests of PostgreSQL on a session
# (test/dialect/postgresql of its source distribution, which pip then downloads).
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
venv=$1 folder=$2
cd "$here" || exit 1

psql() { PGOPTIONS='-c client_min_messages=warning' command psql -X -q -v ON_ERROR_STOP=1 "$@"; }

# The suite's database, with what it expects to find there.
database() # NAME
{
    psql -d "$NEON_TEST_PG_ADMIN_URL" -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1 OWNER sa" &&
        psql -d "host=$NEON_TEST_PG_HOST port=$NEON_TEST_PG_PORT dbname=$1 user=sa password=sa" \
            -c "CREATE EXTENSION citext" -c "CREATE EXTENSION hstore" -c "CREATE SCHEMA test_schema" -c "CREATE SCHEMA test_schema_2"
}

url() # NAME DRIVERNAME OPTIONS
{
    echo "$2://sa:sa@$NEON_TEST_SERVER/sa_$1?api_host=$NEON_TEST_GATEWAY_URL&allow_insecure=1&driver=$NEON_TEST_DRIVER&$3"
}

# suite NAME DRIVERNAME OPTIONS
suite()
{
    local name=$1 log=$folder/compliance-$1.log
    database "sa_$1" || { echo "1 failed"; return; }
    timeout -k 30 -s INT 3000 "$venv/bin/python" -W ignore -m pytest -o faulthandler_timeout=600 -q -p no:cacheprovider --dburi "$(url "$@")" -rfE >"$log" 2>&1
    "$venv/bin/python" judge.py "$name" "$log" known.txt
}

# SQLAlchemy's sources of the version that is installed, which alone hold the tests of its dialects; kept for the next run.
sources() # -> sources
{
    local version
    version=$("$venv/bin/python" -c 'import sqlalchemy; print(sqlalchemy.__version__)')
    sources=$venv/sqlalchemy-$version
    [ -f "$sources/test/requirements.py" ] ||
        { "$venv/bin/pip" download -q --no-deps --no-binary sqlalchemy -d "$venv/sdist" "sqlalchemy==$version" >&2 &&
            tar -xzf "$venv"/sdist/[Ss][Qq][Ll][Aa]lchemy-"$version".tar.gz -C "$venv" --transform "s,^[^/]*,sqlalchemy-$version,"; } ||
        return 1
    printf '[sqla_testing]\nrequirement_cls = postgresql_requirements:Requirements\n' >"$sources/test.cfg"
}

# The kinds of ranges differ in their bounds alone: one discrete, one not. test_array_str_collation wants a locale of the machine.
UNNEEDED='NumRangeRoundTripTest or Int8RangeRoundTripTest or DateRangeRoundTripTest or DateTimeRangeRoundTripTest'
UNNEEDED+=' or test_array_str_collation'

# postgresql NAME OPTIONS
postgresql()
{
    local name=$1 log=$folder/compliance-$1.log
    sources || { echo "   $1: SQLAlchemy's source distribution cannot be had: left out"; echo "1 skipped"; return; }
    database "sa_$1" || { echo "1 failed"; return; }
    (cd "$sources" && PYTHONPATH=$here "$venv/bin/python" -s -W ignore -m pytest -q -p no:cacheprovider -p no:logging --tb=native \
        --dburi "$(url "$1" postgresql+neonodbc "$2")" --maxfail 1000 -rfE -k "not ($UNNEEDED)" test/dialect/postgresql) >"$log" 2>&1
    "$venv/bin/python" judge.py "$name" "$log" known.txt
}

psql -d "$NEON_TEST_PG_ADMIN_URL" -c "DO \$\$ BEGIN CREATE ROLE sa SUPERUSER LOGIN PASSWORD 'sa'; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$" ||
    { echo "1 failed"; exit 1; }
# Each transport with one of the two versions of SQLAlchemy, sessions and HTTP with both.
case ${MODES:+given}$("$venv/bin/python" -c 'import sqlalchemy; print(sqlalchemy.__version__)') in
given*) modes=$MODES ;;
2.0.*) modes='websocket async_websocket http async_http' ;;
*) modes='websocket auto async_websocket http autocommit' ;;
esac
total=
for mode in $modes; do
    case $mode in
    postgresql) out=$(postgresql "$mode" transport=websocket) ;;
    async_*) out=$(suite "$mode" postgresql+neonodbc_async "transport=${mode#async_}") ;;
    autocommit) out=$(suite autocommit postgresql+neonodbc 'transport=http&autocommit=1') ;;
    *) out=$(suite "$mode" postgresql+neonodbc "transport=$mode") ;;
    esac
    printf '%s\n' "$out" | grep '^ '
    total="$total, $(tail -n 1 <<<"$out")"
done
echo "$total"
