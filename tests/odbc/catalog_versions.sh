#!/usr/bin/env bash
# catalog_versions.sh: the catalog functions against PostgreSQL 14, 16, 17 and 18 beside the distribution's own version
# (tests/odbc/test_catalog*): the golden tables are the same on all. The servers are packages of the npm registry
# (tests/data/postgres), installed into a temporary folder; without npm, or where it does not have them, it skips.
set -u
src=${NEON_TEST_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${NEON_TEST_BUILDDIR:-$PWD}
. "$(dirname "$0")/../again.sh"

for program in node npm; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "the packages are for Linux on x86_64 alone"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work" # the servers run as another user when this is root
cp "$src"/tests/data/postgres/package.json "$src"/tests/data/postgres/package-lock.json \
    "$src"/tests/data/postgres/.npmrc "$work" || exit 99
# Their own scripts are not run by npm; the one that is needed puts the links back that npm leaves out.
if ! (cd "$work" && umask 022 && again npm ci --ignore-scripts --prefer-offline >"$work/npm.log" 2>&1); then
    tail -n 3 "$work/npm.log"
    echo "npm does not have the servers"
    exit 77
fi

# Beside the services of one version: is it that version, and what do the programs say?
inside=$(cat <<'END'
set -u
num=$(psql -X -A -t "$NEON_TEST_PG_URL" -c 'show server_version_num') || exit 1
[ "$((num / 10000))" = "$1" ] || { echo "the server is version $num instead of $1"; exit 1; }
shift
for program; do "$program" >"$NEON_TEST_DIR/tmp/log" 2>&1 && echo "passed ${program##*/}" || cat "$NEON_TEST_DIR/tmp/log"; done
END
)
failed=0
n=0
for home in "$work"/node_modules/postgres-*; do
    version=${home##*-}
    (cd "$home" && node scripts/hydrate-symlinks.js) >"$work/links.log" 2>&1 || { cat "$work/links.log"; exit 1; }
    NEON_BUILDDIR=$build PG_BINDIR=$home/native/bin NEON_KEEP_LOGS= "$src/tests/with-services.sh" bash -c "$inside" inside \
        "$version" "$build"/tests/odbc/test_catalog "$build"/tests/odbc/test_catalog_args \
        "$build"/tests/odbc/test_catalog_cache >"$work/log" 2>&1
    for program in test_catalog test_catalog_args test_catalog_cache; do
        n=$((n + 1))
        if grep -qx "passed $program" "$work/log"; then
            echo "ok $n - PostgreSQL $version: $program"
        else
            failed=1
            sed 's/^/# /' "$work/log"
            echo "not ok $n - PostgreSQL $version: $program"
        fi
    done
done
echo "1..$n"
exit $failed
