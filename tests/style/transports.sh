#!/usr/bin/env bash
# transports.sh [--fix]: the table of docs/transports.md says what the planner and its driver/stmt/plan.def say (--fix writes it).
. "$(dirname "$0")/lib.sh"
page=docs/transports.md
begin='<!-- made from driver/stmt/plan.def by tests/style/transports.sh --fix -->'
end='<!-- end -->'
compiler=$(command -v "${CC%% *}" 2>/dev/null || command -v cc || command -v gcc || command -v clang) ||
    { echo "there is no C compiler"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c11 -Idriver -o "$work/transports" tests/style/transports.c || { echo "transports.c does not compile"; exit 1; }
"$work/transports" >"$work/table" || exit 1
awk -v begin="$begin" -v end="$end" -v table="$work/table" '
    $0 == begin { print; while ((getline line < table) > 0) print line; skip = 1; found = 1; next }
    $0 == end { skip = 0 }
    !skip { print }
    END { exit !found }' "$page" >"$work/page" || { echo "$page: the line \"$begin\" is missing"; exit 1; }
if [ "${1:-}" = --fix ]; then
    cat "$work/page" >"$page"
    exit 0
fi
diff -u "$page" "$work/page" || complain "$page is not what driver/stmt/plan.def says: run tests/style/transports.sh --fix"
finish "transports"
