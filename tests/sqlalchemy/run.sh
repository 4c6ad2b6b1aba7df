#!/usr/bin/env bash
# run.sh [--venvs DIR] [--version X.Y] [PYTEST-ARGUMENT...]: the tests of the SQLAlchemy dialect, inside tests/with-services.sh.
#
# For SQLAlchemy 2.0 and 2.1 (or the version named) it makes a virtual environment (DIR/X.Y, default $NEON_TEST_BUILDDIR/venvs,
# kept for the next run) with what requirements.txt names and the wheel of the dialect, runs the tests of this folder, and then
# SQLAlchemy's own compliance suite on each transport, synchronous and asynchronous; once also program A16 with the extension
# vector, on a second PostgreSQL that brings it along (requirements-vectors.txt). With arguments for pytest all that is left out. Ends with the line "N passed, N failed, N skipped". A failure of the compliance suite counts unless
# compliance/known.txt has it, with its reason; one that stands there and passes counts too.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/../again.sh"
venvs=$NEON_TEST_BUILDDIR/venvs versions='2.0 2.1'
while :; do
    case ${1:-} in
    --venvs) venvs=$2; shift 2 ;;
    --version) versions=$2; shift 2 ;;
    *) break ;;
    esac
done
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
passed=0 failed=0 skipped=0

# The wheel, from a copy: building writes beside the sources.
wheel()
{
    rm -rf "$venv/source" "$venv/wheels" && mkdir "$venv/source" && cp -R "$here/../../python/." "$venv/source" || return 1
    rm -rf "$venv"/source/*.egg-info "$venv"/source/build
    again "$venv/bin/pip" wheel -q --no-deps --wheel-dir "$venv/wheels" "$venv/source" &&
        "$venv/bin/pip" install -q --force-reinstall --no-deps "$venv"/wheels/*.whl
}

prepare() # VERSION
{
    local stamp
    stamp=$(cat "$here/requirements.txt" "$here/../../python/pyproject.toml" | sha256sum)
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv" || { echo "python3 -m venv failed: is python3-venv installed?"; return 1; }
        again "$venv/bin/pip" install -q "sqlalchemy==$1.*" -r "$here/requirements.txt" || return 1
        echo "$stamp" >"$venv/stamp"
    fi
    wheel
}

# pytest's closing line in a log: something may have been said behind it when the interpreter ended.
closing() { grep -E '[0-9]+ (passed|failed|errors?|skipped|deselected|warnings?).* in [0-9.]+s' "$1" | tail -n 1; }

# Adds such a line to the totals.
add()
{
    local line=$1 number word
    while read -r number word; do
        case $word in
        passed | xfailed) passed=$((passed + number)) ;;
        failed | error | errors | xpassed) failed=$((failed + number)) ;;
        skipped) skipped=$((skipped + number)) ;;
        esac
    done < <(grep -oE '[0-9]+ (passed|failed|errors?|skipped|xfailed|xpassed)' <<<"$line")
}

own_tests()
{
    local log=$NEON_TEST_DIR/tmp/own.log
    (cd "$here" && timeout -k 30 -s INT 3000 "$venv/bin/python" -m pytest -o faulthandler_timeout=600 -q -rs --tb=short -p no:cacheprovider --ignore compliance "$@") >"$log" 2>&1
    local status=$?
    if [ $status != 0 ]; then tail -n 200 "$log"; fi
    local line
    line=$(closing "$log")
    echo "   the dialect's own tests: ${line:-they did not run to their end}"
    add "$line"
    [ $status -le 1 ] && [ -n "$line" ] || failed=$((failed + 1))
}

# The second PostgreSQL is used from a copy: PostgreSQL refuses to run as root, and its user may not be let into our folders.
copy=
trap '[ -z "$copy" ] || rm -rf "$copy"' EXIT
vectors()
{
    local log=$NEON_TEST_DIR/tmp/vectors.log site line status
    if ! "$venv/bin/pip" install -q --no-deps --only-binary :all: -r "$here/requirements-vectors.txt" >"$log" 2>&1; then
        echo "   program A16 with the extension vector: skipped, pip cannot install pgserver here: $(tail -n 1 "$log")"
        skipped=$((skipped + 1))
        return
    fi
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
    copy=$(mktemp -d "${TMPDIR:-/tmp}/neon-vectors.XXXXXX") || { failed=$((failed + 1)); return; }
    cp -R "$site/pgserver" "$site/pgserver.libs" "$copy"
    chmod -R a+rX "$copy"
    PG_BINDIR=$copy/pgserver/pginstall/bin NEON_BUILDDIR=$NEON_TEST_BUILDDIR NEON_DRIVER=$NEON_TEST_DRIVER NEON_TEST_VECTORS=extension \
        "$here/../with-services.sh" timeout -k 30 -s INT 600 "$venv/bin/python" -m pytest -q -rs --tb=short -p no:cacheprovider \
        -k a16 "$here/test_applications.py" >"$log" 2>&1
    status=$?
    rm -rf "$copy"
    copy=
    line=$(closing "$log")
    if [ $status != 0 ]; then tail -n 100 "$log"; fi
    echo "   program A16 with the extension vector: ${line:-it did not run to its end}"
    add "$line"
    [ $status -le 1 ] && [ -n "$line" ] || failed=$((failed + 1))
}

mkdir -p "$NEON_TEST_DIR/tmp" "$venvs"
for version in $versions; do
    venv=$venvs/$version
    echo "== SQLAlchemy $version"
    if ! prepare "$version"; then
        echo "   the virtual environment could not be made"
        failed=$((failed + 1))
        continue
    fi
    own_tests "$@"
    [ $# = 0 ] || continue
    [ "$version" != "${versions%% *}" ] || vectors
    lines=$(bash "$here/compliance/run.sh" "$venv" "$NEON_TEST_DIR/tmp")
    grep '^ ' <<<"$lines"
    add "$(tail -n 1 <<<"$lines")"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
