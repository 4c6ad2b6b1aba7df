#!/usr/bin/env bash
# keywords.sh [--fix]: the tables of docs/keywords.md say what include/conn_keys.def says (--fix writes them).
. "$(dirname "$0")/lib.sh"
page=docs/keywords.md
mark='<!-- From here on: made from include/conn_keys.def by tests/style/keywords.sh --fix -->'
compiler=$(command -v "${CC%% *}" 2>/dev/null || command -v cc || command -v gcc || command -v clang) ||
    { echo "there is no C compiler"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c11 -Iinclude -o "$work/keywords" tests/style/keywords.c || { echo "keywords.c does not compile"; exit 1; }
grep -qxF -- "$mark" "$page" || { echo "$page: the line \"$mark\" is missing"; exit 1; }
{ sed "/^$(printf '%s' "$mark" | sed 's/[.[\*^$/]/\\&/g')\$/q" "$page"; "$work/keywords"; } >"$work/page"
if [ "${1:-}" = --fix ]; then
    cat "$work/page" >"$page"
    exit 0
fi
diff -u "$page" "$work/page" || complain "$page is not what include/conn_keys.def says: run tests/style/keywords.sh --fix"
finish "keywords"
