#!/usr/bin/env bash
# types.sh [--fix]: the table of docs/types.md says what driver/convert/types.def says (--fix writes it).
. "$(dirname "$0")/lib.sh"
page=docs/types.md
mark='<!-- From here on: made from driver/convert/types.def by tests/style/types.sh --fix -->'
compiler=$(command -v "${CC%% *}" 2>/dev/null || command -v cc || command -v gcc || command -v clang) ||
    { echo "there is no C compiler"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c11 -Idriver/convert -o "$work/types" tests/style/types.c || { echo "types.c does not compile"; exit 1; }
"$work/types" >"$work/table" || exit 1
! grep -F ' ? ' "$work/table" || complain "tests/style/types.c does not know a type code or a size rule of types.def"
grep -qxF -- "$mark" "$page" || { echo "$page: the line \"$mark\" is missing"; exit 1; }
{ sed "/^$(printf '%s' "$mark" | sed 's/[.[\*^$/]/\\&/g')\$/q" "$page"; echo; cat "$work/table"; } >"$work/page"
if [ "${1:-}" = --fix ]; then
    cat "$work/page" >"$page"
    exit 0
fi
diff -u "$page" "$work/page" || complain "$page is not what driver/convert/types.def says: run tests/style/types.sh --fix"
finish "types"
