#!/usr/bin/env bash
# The driver under unixODBC's own shells: isql (ANSI entry points) and iusql (Unicode ones), over http and https.
# iusql prints the low byte of each UTF-16 unit and no SQLSTATE: there the text outside ASCII is for the C tests to judge.
# Prints TAP; one case is one thing a user does in the shell.
set -u
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8

# With ODBC's password in no argument: it comes from odbc.ini.
shell() { printf '%s\n' "$3" | "$1" "$2" -v -b "${@:4}" 2>&1; } # PROGRAM DSN SQL [ARGUMENT...]

for program in isql iusql; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
    if [ $program = isql ]; then
        names=('Zoë Müller' 'Łukasz Wójcik' 'Ναταλία' '山田 花子' 'محمد' '𝒳' '👩')
        state() { echo "\\[$1\\]"; }
    else
        names=("O'Brien" 'Ada')
        state() { echo .; }
    fi
    for dsn in neon neon-tls; do
        expect "$program $dsn: rows with text of several scripts" \
            "$(shell $program $dsn 'select id, name, note from customers order by id limit 8')" \
            "${names[@]}" 'outside the BMP' '8 rows fetched'
    done
    expect "$program: numbers, dates, booleans and NULL as text" \
        "$(shell $program neon "select 12.50::numeric(6,2), date '2024-02-29', 1::bigint << 62, null::int, 'x'::char(3)")" \
        '12\.50' '2024-02-29' '4611686018427387904' '1 rows fetched'
    expect "$program: no row is no error" \
        "$(shell $program neon 'select id from customers where id < 0')" 'SQLRowCount returns 0' '!\[ISQL\]ERROR'
    expect "$program: an insert says how many" \
        "$(shell $program neon "insert into customers (name) select 'made by $program' from generate_series(1, 3)")" \
        'SQLRowCount returns 3'
    expect "$program: and it is there" \
        "$(shell $program neon "select count(*) as n from customers where name = 'made by $program'")" '\| 3 '
    expect "$program: a delete says how many" \
        "$(shell $program neon "delete from customers where name = 'made by $program'")" 'SQLRowCount returns 3'
    # Without -3 isql is an ODBC 2 application, for which 42S02 is S0002, 42601 is 37000 and 23505 is 23000.
    for states in '42S02 42601 23505 -3' 'S0002 37000 23000'; do
        read -r table syntax unique option <<<"$states"
        [ "$program$option" != iusql-3 ] || continue # iusql knows no -3
        expect "$program $option: a table that does not exist is $table, with the server's words" \
            "$(shell $program neon 'select * from no_such_table' $option)" "$(state $table)" 'no_such_table'
        expect "$program $option: a syntax error is $syntax" \
            "$(shell $program neon 'selct 1' $option)" "$(state $syntax)" 'syntax error'
        expect "$program $option: a unique violation is $unique" \
            "$(shell $program neon "insert into customers (id, name) values (1, 'again')" $option)" \
            "$(state $unique)" 'customers_pkey'
    done
    expect "$program: help lists the tables" "$(shell $program neon 'help')" 'customers' 'order_items' 'order_totals'
    expect "$program: help TABLE lists its columns" "$(shell $program neon 'help customers')" 'created_at' 'credit' 'country'
    expect "$program: a wrong password is 28000 and is not shown" \
        "$(printf 'select 1\n' | $program neon app 'wr0ng-passw0rd' -v -b 2>&1)" "$(state 28000)" 'password' 'Could not' '!wr0ng-passw0rd'
    expect "$program: a data source that does not exist" "$(shell $program nowhere 'select 1')" "$(state IM002)" 'not found'
done
echo "1..$cases"
[ "$failures" = 0 ]
