#!/usr/bin/env bash
# What docs/catalog.md shows, run: its program under pyodbc, and help in unixODBC's shells over the golden schema.
set -u
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8
src=${NEON_TEST_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
shop="${NEON_TEST_PG_ADMIN_URL%/postgres*}/shop"

for program in isql iusql psql; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
psql -X -q -v ON_ERROR_STOP=1 "$shop" -f "$src/tests/data/catalog/schema.sql" >/dev/null || exit 1
for program in isql iusql; do
    for option in '' -3; do
        [ "$program$option" != iusql-3 ] || continue # iusql knows no -3
        shell() { printf '%s\n' "$1" | $program neon -v -b $option 2>&1; }
        expect "$program $option: help lists tables, views and the like" "$(shell help)" \
            'zoo .*species .*TABLE' 'zoo .*keepers .*VIEW' 'census .*MATERIALIZED VIEW' 'elsewhere .*FOREIGN TABLE' \
            '!pg_class' '!information_schema'
        expect "$program $option: help TABLE lists its columns" "$(shell 'help every_kind')" \
            'label .*varchar' 'feeling .*mood' 'twice .*numeric' '!padded'
        expect "$program $option: help of a table of the server" "$(shell 'help pg_namespace')" 'nspname'
        expect "$program $option: help of no table" "$(shell 'help no_such_table')" 'SQLRowCount returns 0'
    done
done

python=
for candidate in python3 /usr/bin/python3 "${NEON_TEST_BUILDDIR:-.}/venv/bin/python"; do
    [ -n "$python" ] || ! "$candidate" -c 'import pyodbc' 2>/dev/null || python=$candidate
done
if [ -n "$python" ]; then
    sed -n '/^```python$/,/^```$/p' "$src/docs/catalog.md" | grep -v '^```' >"$NEON_TEST_DIR/tmp/catalog.py"
    expect "the program of docs/catalog.md" "$(DSN=neon "$python" "$NEON_TEST_DIR/tmp/catalog.py" 2>&1)" \
        '^customers has the key id$' '^order_items has the key order_id, ' 'customer_id refers to customers.id' '!Traceback'
else
    cases=$((cases + 1))
    echo "ok $cases - the program of docs/catalog.md # SKIP pyodbc is not installed"
fi
psql -X -q "$shop" -c 'set client_min_messages = error; drop schema zoo, "Odd ""zoo", "zoo_x", "zoo%x" cascade; drop foreign data wrapper zoo_wrapper cascade'
echo "1..$cases"
[ "$failures" = 0 ]
