#!/usr/bin/env bash
# headers.sh: every attribute, descriptor field, diagnostic field, information type and function number of the ODBC headers
# is a row of a table of the driver, or stands in headers.known with the reason why not. Also: functions.def says YES exactly
# for what the library exports (when it is built).
builddir=${NEON_TEST_BUILDDIR:-$PWD}
. "$(dirname "$0")/lib.sh"
known=tests/style/headers.known
cc=${CC:-cc}
command -v "${cc%% *}" >/dev/null || { echo "no C compiler"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# All macros of the headers and of neonodbc.h, and the headers' files, for the sections that have no prefix of their own.
printf '#include <sql.h>\n#include <sqlext.h>\n#include <sqlucode.h>\n#include "neonodbc.h"\n' >"$work/all.c"
$cc -Iinclude ${ODBC_CFLAGS:-} -E -dM "$work/all.c" >"$work/macros" || exit 99
dir=$($cc -Iinclude ${ODBC_CFLAGS:-} -M "$work/all.c" | tr ' \\' '\n\n' | grep '/sqlext\.h$' | head -n1)
dir=$(dirname "$dir")
[ -e "$dir/sql.h" ] || { echo "sql.h not found beside sqlext.h"; exit 99; }

# "NAME VALUE" for every macro that is a number, through other macros; (long) suffixes and parentheses removed.
awk '$1 == "#define" && NF >= 3 { v = $3; sub(/\/\*.*/, "", v); gsub(/[()]/, "", v); def[$2] = v }
     END { for (n in def) { v = def[n]; for (i = 0; i < 8 && (v in def); i++) v = def[v];
           if (v ~ /^-?(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*$/) { sub(/[uUlL]+$/, "", v); print n, v } } }' "$work/macros" |
    while read -r name value; do echo "$name $((value))"; done | LC_ALL=C sort >"$work/values"

value_of() { awk -v n="$1" '$1 == n { print $2 }' "$work/values"; }

# The ids of the rows X(NAME, ...) of the given tables; a prefix is put before the names.
rows() # PREFIX TABLE...
{
    local prefix=$1
    shift
    sed -n "s/^X(\\([A-Z0-9_]*\\),.*/$prefix\\1/p" "$@" | LC_ALL=C sort -u
}

check() # WHAT PREFIX NAMES-FILE TABLE...
{
    local what=$1 prefix=$2 names=$3 n
    shift 3
    n=$(wc -l <"$names")
    [ "$n" -ge 15 ] || complain "$what: only $n names found in the headers: does this script still read them?"
    rows "$prefix" "$@" >"$work/rows"
    LC_ALL=C join "$work/values" "$work/rows" | awk '{ print $2 }' | LC_ALL=C sort -u >"$work/ids"
    while read -r name; do
        grep -q "^$name[[:space:]]\\+[^[:space:]]" "$known" && continue
        id=$(value_of "$name")
        [ -n "$id" ] && grep -qx -- "$id" "$work/ids" && continue
        complain "$what: $name${id:+ ($id)} is no row of $* and not in $known"
    done <"$names"
}

by_prefix() { grep -o "^$1[A-Z0-9_]*" "$work/values" | LC_ALL=C sort -u; }

by_prefix SQL_ATTR_ >"$work/names"
check attributes "" "$work/names" driver/handle/attr_env.def driver/handle/attr_dbc.def driver/handle/attr_stmt.def
by_prefix SQL_DESC_ >"$work/names"
check "descriptor fields" "" "$work/names" driver/handle/desc_field.def
by_prefix SQL_DIAG_ >"$work/names"
check "diagnostic fields" "" "$work/names" driver/handle/diag_field.def
by_prefix SQL_API_ >"$work/names"
check functions SQL_API_ "$work/names" driver/info/functions.def

# Information types have no prefix: the sections of the two headers.
section() { sed -n "/$2/,/SQL_ALTER_TABLE bitmasks/p" "$dir/$1" | sed -n 's/^#define[[:space:]]*\(SQL_[A-Z0-9_]*\).*/\1/p'; }
{
    section sql.h 'Information requested by SQLGetInfo'
    section sqlext.h 'Extended definitions for SQLGetInfo'
    printf '%s\n' SQL_OJ_CAPABILITIES SQL_XOPEN_CLI_YEAR SQL_CURSOR_SENSITIVITY SQL_DESCRIBE_PARAMETER SQL_CATALOG_NAME \
        SQL_COLLATION_SEQ SQL_MAX_IDENTIFIER_LEN SQL_COLUMN_ALIAS SQL_CONVERT_GUID SQL_DATABASE_NAME
} | LC_ALL=C sort -u >"$work/names"
check "information types" "" "$work/names" driver/info/info.def

# Bits of SQLGetInfo's masks, by family: each has a row, with a query or a reason, in tests/odbc/info_bits.def.
grep -o 'SQL_\(FN_\(STR\|NUM\|TD\|SYS\|TSI\|CVT\)\|SP\|SRJO\|SRVC\|SVE\|SQ\|SNVF\|SSF\|SDF\|AF\|OJ\|U\|CT\|AT\|AD\|CDO\|CS\|CV\|DD\|DS\|DT\|DV\|DC\|DI\|IK\|SG\|SR\|SFKD\|SFKU\|GD\|FD\|SO\|SCCO\|CA1\|CA2\|SS\|LCK\|POS\|PS\|BP\|BS\|BRC\|CU\|SU\|DL\|ISV\|IS_INSERT\|IS_SELECT\|SCC\|CA\|CCS\|CCOL\|CTR\|DA\|DCS\|DTR\|TXN_READ\|TXN_REPEATABLE\)_[A-Z0-9_]*' \
    "$work/values" | LC_ALL=C sort -u >"$work/names"
[ "$(wc -l <"$work/names")" -ge 390 ] || complain "bits: only $(wc -l <"$work/names") names found in the headers"
while read -r name; do
    grep -q "^\(BIT\|TRY\|NOT\)([A-Z0-9_]*, $name," tests/odbc/info_bits.def || grep -q "^$name[[:space:]]\+[^[:space:]]" "$known" ||
        complain "bits: $name stands neither in tests/odbc/info_bits.def nor in $known"
done <"$work/names"

# No mask is left out there: an information type of 32 bits has rows in it, or stands in headers.known as a number.
sed -n 's/^X(\([A-Z0-9_]*\), U32,.*/\1/p' driver/info/info.def | grep -v '^SQL_CONVERT_' | while read -r name; do
    grep -q "^\(BIT\|TRY\|NOT\)($name," tests/odbc/info_bits.def || grep -q "^$name[[:space:]]\+[^[:space:]]" "$known" || echo "$name"
done >"$work/names"
while read -r name; do
    complain "bits: the information type $name has no bits in tests/odbc/info_bits.def and is not in $known"
done <"$work/names"

# C and SQL type numbers: test_typemap.c asks for each of type_numbers.def; others stand in headers.known with the reason.
{
    awk '$1 == "#define" && $2 ~ /^SQL_C_[A-Z0-9_]+$/ { print $2 }' "$work/macros"
    sed -n '/SQL data type codes/,/SQL_TYPE_TIMESTAMP/p' "$dir/sql.h" | sed -n 's/^#define[[:space:]]*\(SQL_[A-Z0-9_]*\).*/\1/p'
    grep -o '^SQL_\(INTERVAL_[A-Z_]*\|LONGVARCHAR\|BINARY\|VARBINARY\|LONGVARBINARY\|BIGINT\|TINYINT\|BIT\|GUID\|WCHAR\|WVARCHAR\|WLONGVARCHAR\|DATE\|TIME\|TIMESTAMP\)$' <(awk '{ print $1 }' "$work/values")
} | LC_ALL=C sort -u >"$work/names"
[ "$(wc -l <"$work/names")" -ge 60 ] || complain "types: only $(wc -l <"$work/names") names found in the headers"
while read -r name; do
    grep -q "^X($name)" tests/unit/convert/type_numbers.def || grep -q "^$name[[:space:]]\+[^[:space:]]" "$known" ||
        complain "types: $name stands neither in tests/unit/convert/type_numbers.def nor in $known"
done <"$work/names"

# Functions that the headers declare: each is a row of functions.def (YES or NO), or stands in headers.known.
printf '#include <sql.h>\n#include <sqlext.h>\n#include <sqlucode.h>\n' >"$work/protos.c"
$cc -Iinclude ${ODBC_CFLAGS:-} -E -P "$work/protos.c" | tr '\n;' ' \n' | grep -o '\bSQL[A-Za-z]*[[:space:]]*(' | tr -d '( ' |
    grep '^SQL[A-Z][a-z]' | LC_ALL=C sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -ge 90 ] || complain "functions: only $(wc -l <"$work/declared") declarations found in the headers"
sed -n 's/^X(\([A-Z0-9_]*\),.*/\1/p' driver/info/functions.def | LC_ALL=C sort -u >"$work/rows"
while read -r name; do
    upper=$(tr '[:lower:]' '[:upper:]' <<<"${name%[AW]}")
    whole=$(tr '[:lower:]' '[:upper:]' <<<"$name")
    grep -qx "$upper" "$work/rows" || grep -qx "$whole" "$work/rows" || grep -q "^$name[[:space:]]\+[^[:space:]]" "$known" ||
        complain "functions: $name is declared in the headers and is no row of functions.def nor in $known"
done <"$work/declared"

# The state machine: each function that takes a statement (or a connection that has one) has its row in test_states.c.
sed -n 's/^X(\(SQL[A-Z]*\), YES).*/\1/p' driver/info/functions.def | LC_ALL=C sort -u >"$work/yes"
grep -o '{"SQL[A-Za-z]*' tests/odbc/test_states.c | tr -d '{"' | tr '[:lower:]' '[:upper:]' | LC_ALL=C sort -u >"$work/tried"
while read -r name; do
    grep -q "^STATES $name[[:space:]]\+[^[:space:]]" "$known" ||
        complain "states: $name has no row in tests/odbc/test_states.c and is not in $known"
done < <(LC_ALL=C comm -23 "$work/yes" "$work/tried")

# functions.def and the exported names say the same.
library=${NEON_TEST_DRIVER:-$builddir/.libs/libneonodbc.so}
if [ -e "$library" ] && command -v nm >/dev/null; then
    nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $3); print $3 }' | grep '^SQL' | sed 's/W$//' |
        tr '[:lower:]' '[:upper:]' | LC_ALL=C sort -u >"$work/exported"
    sed -n 's/^X(\([A-Z0-9_]*\), YES).*/\1/p' driver/info/functions.def | LC_ALL=C sort -u >"$work/claimed"
    while read -r name; do complain "functions.def says YES for $name, which is not exported"; done \
        < <(LC_ALL=C comm -13 "$work/exported" "$work/claimed")
    while read -r name; do complain "$name is exported, and functions.def does not say YES"; done \
        < <(LC_ALL=C comm -23 "$work/exported" "$work/claimed")
fi
finish "ODBC headers"
