#!/usr/bin/env bash
# The driver, built for iODBC's 4-byte SQLWCHAR, under iODBC's driver manager: iodbctest (narrow calls, which the manager
# turns into wide ones) and a program of ours that calls the wide functions. Called by ./check iodbc inside
# tests/with-services.sh; NEON_DRIVER is the iODBC build, NEON_IODBC_ROOT where iODBC's packages were unpacked. Prints TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/../tap.sh"
export LC_ALL=C.UTF-8
command -v iodbctest >/dev/null || { echo "iodbctest is not installed: tests/deps.sh clients"; exit 77; }
scratch=$NEON_TEST_DIR/tmp/iodbc
mkdir -p "$scratch"
{
    printf '[ODBC Data Sources]\nneon = Neon\n\n[neon]\nDriver = %s\n' "$NEON_TEST_DRIVER"
    sed -n '/^\[neon\]/,/^$/{/^\[/d;/^Driver/d;p}' "$ODBCINI"
} >"$scratch/odbc.ini"
chmod 0600 "$scratch/odbc.ini"
export ODBCINI=$scratch/odbc.ini

shell() { { printf '%s\n' "$@"; echo quit; } | iodbctest "DSN=neon" 2>&1; }
expect "iodbctest connects" "$(shell)" 'Driver: .*libneonodbc'
expect "iodbctest: rows with text of several scripts" \
    "$(shell 'select id, name, credit, created_at from customers order by id limit 8')" 'Zoë Müller' 'Łukasz' 'Ναταλία' '山田 花子' \
    'محمد' '𝒳' '120\.50' '2024-01-15' 'returned 8 rows'
expect "iodbctest: tables" "$(shell tables)" 'customers' 'order_items'
expect "iodbctest: an insert" "$(shell "insert into customers (name) values ('made by iodbctest')" \
    "select name, 'there' as is_there from customers where name = 'made by iodbctest'" \
    "delete from customers where name = 'made by iodbctest'")" '1 rows affected' 'made by iodbctest *\|there'
expect "iodbctest: an error with its SQLSTATE" "$(shell 'select * from no_such_table')" 'SQLSTATE=42S02' 'no_such_table'
expect "iodbctest: a wrong password" "$(echo quit | iodbctest 'DSN=neon;PWD=wr0ng-passw0rd' 2>&1)" 'SQLSTATE=28000' '!wr0ng-passw0rd'

root=${NEON_IODBC_ROOT:-}
header=$(ls "$root"/usr/include/iodbc/sqlucode.h 2>/dev/null)
if [ -z "$header" ]; then
    echo "iODBC's headers are not unpacked"
    echo "ok $((++cases)) - wide calls # SKIP"
else
    built=$(gcc -std=c11 -Wall -I"$(dirname "$header")" "$here/wide_calls.c" -o "$scratch/wide_calls" -L"$(dirname "$root"/usr/lib/*/libiodbc.so)" \
        -liodbc 2>&1)
    expect "a program that calls the wide functions is built" "$built" '!error'
    while IFS= read -r line; do
        case $line in
        'ok '*) echo "ok $((++cases)) -${line#ok}" ;;
        'not ok '*) echo "not ok $((++cases)) -${line#not ok}"; failures=$((failures + 1)) ;;
        *) echo "# $line" ;;
        esac
    done < <("$scratch/wide_calls" 2>&1; echo "ended with $?")
fi
echo "1..$cases"
[ "$failures" = 0 ]
