#!/usr/bin/env bash
# The program in docs/cursors.md does what the page says.
set -u
page=$NEON_TEST_SRCDIR/docs/cursors.md
dir=$NEON_TEST_DIR/tmp/cursors_doc
mkdir -p "$dir" || exit 1
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" >"$dir/example.c"
[ -s "$dir/example.c" ] || { echo "no program in docs/cursors.md"; exit 1; }
${CC:-cc} -std=c11 -Wall -Wextra -o "$dir/example" "$dir/example.c" -lodbc || exit 1
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$NEON_TEST_PG_URL" -c "$1"; }
sql "create schema cursors_doc; create table cursors_doc.customers as select id, name from public.customers;
    alter table cursors_doc.customers add primary key (id)" || exit 1
got=$("$dir/example" "DSN=neon;SearchPath=cursors_doc") || { echo "the program failed: $got"; exit 1; }
[ "$got" = "200 The last customer" ] || { echo "the program printed: $got"; exit 1; }
stored=$(sql "select name from cursors_doc.customers where id = 200")
sql "drop schema cursors_doc cascade" || exit 1
[ "$stored" = "The last customer" ] || { echo "stored: $stored"; exit 1; }
