#!/usr/bin/env bash
# transports.sh [--fix]: the tables of docs/transports.md say what the planner with its driver/stmt/plan.def, and
# tests/odbc/transports.def say (--fix writes them).
. "$(dirname "$0")/lib.sh"
page=docs/transports.md
end='<!-- end -->'
compiler=$(command -v "${CC%% *}" 2>/dev/null || command -v cc || command -v gcc || command -v clang) ||
    { echo "there is no C compiler"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c11 -Idriver -o "$work/transports" tests/style/transports.c || { echo "transports.c does not compile"; exit 1; }
# fill TABLE SOURCE: the page of stdin with that table in its place
fill()
{
    local begin="<!-- made from $2 by tests/style/transports.sh --fix -->"
    "$work/transports" "$1" >"$work/table" &&
        awk -v begin="$begin" -v end="$end" -v table="$work/table" '
            $0 == begin { print; while ((getline line < table) > 0) print line; skip = 1; found = 1; next }
            $0 == end { skip = 0 }
            !skip { print }
            END { exit !found }' || { echo "$page: the line \"$begin\" is missing"; exit 1; }
}
fill statements driver/stmt/plan.def <"$page" >"$work/half" || { tail -n 1 "$work/half"; exit 1; }
fill differences tests/odbc/transports.def <"$work/half" >"$work/page" || { tail -n 1 "$work/page"; exit 1; }
if [ "${1:-}" = --fix ]; then
    cat "$work/page" >"$page"
    exit 0
fi
diff -u "$page" "$work/page" || complain "$page is not what its tables say: run tests/style/transports.sh --fix"
finish "transports"
