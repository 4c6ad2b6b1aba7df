# lib.sh: what the style checks share. Sourced, not run.
top=${NEON_TEST_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd -P)}
cd "$top" || exit 99
failures=0
complain() { echo "$*"; failures=$((failures + 1)); }
finish() # SUBJECT
{
    [ "$failures" = 0 ] || { echo "$1: $failures complaint(s)"; exit 1; }
    exit 0
}
# Our C files below the given folders (those that exist).
c_files() { find "$@" -name '*.[ch]' 2>/dev/null | LC_ALL=C sort; }
