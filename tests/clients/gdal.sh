#!/usr/bin/env bash
# GDAL's ODBC vector driver: ogrinfo lists and reads tables, ogr2ogr copies one out.
. "$(dirname "$0")/lib/common.sh"
. "$here/../../tap.sh"
need ogrinfo
isql "$CLIENT_DSN" -b >/dev/null <<'SQL'
drop table if exists client_gdal
create table client_gdal (id integer primary key, name text, amount numeric(12,2), day date, at timestamp, x double precision, y double precision)
insert into client_gdal values (1, 'Zoë, 山田', -12345.67, '2024-02-29', '2024-02-29 23:59:59', 6.5, 51.25), (2, null, null, null, null, null, null)
SQL
# (GDAL cuts characters beyond the BMP in half by itself.)
ogr() { "$@" 2>&1; }
expect "tables are listed" "$(ogr ogrinfo "ODBC:$CLIENT_DSN")" 'client_gdal' 'customers' 'order_items' '!ERROR'
expect "a table is read" "$(ogr ogrinfo -al "ODBC:@$CLIENT_DSN,client_gdal" || true; ogr ogrinfo "ODBC:$CLIENT_DSN" public.client_gdal)" \
    'Feature Count: 2' 'name: String' 'amount: (Real|String)' 'day: Date' 'at: DateTime' 'id \(?.*' 'Zoë, 山田' '2024/02/29 23:59:59' '-12345.67' 'name \(String\) = \(null\)'
expect "an attribute filter" "$(ogr ogrinfo "ODBC:$CLIENT_DSN" public.customers -where "country = 'JP'" -al)" '山田 花子' '!Zoë'
expect "the primary key is the id of a feature" "$(ogr ogrinfo "ODBC:$CLIENT_DSN" public.client_gdal -fid 1)" 'Zoë' '!\(null\)'
expect "SQL" "$(ogr ogrinfo "ODBC:$CLIENT_DSN" -sql 'select count(*) as n from customers')" 'n \(.*\) = 200'
expect "copied to CSV" "$(ogr ogr2ogr -f CSV /vsistdout/ "ODBC:$CLIENT_DSN" public.client_gdal)" 'Zoë, 山田' '-12345.67'
expect "a wrong statement is an error" "$(ogr ogrinfo "ODBC:$CLIENT_DSN" -sql 'select * from no_such_table')" 'no_such_table'
isql "$CLIENT_DSN" -b >/dev/null <<<'drop table client_gdal'
echo "1..$cases"
[ "$failures" = 0 ]
