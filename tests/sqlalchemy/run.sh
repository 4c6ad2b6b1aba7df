#!/usr/bin/env bash
# run.sh [--venv DIR] [PYTEST-ARGUMENT...]: the tests of the SQLAlchemy dialect, inside tests/with-services.sh.
#
# Makes a virtual environment (default: $NEON_TEST_BUILDDIR/venv, kept for the next run) with what requirements.txt names and
# the dialect itself, runs the tests of this folder, and then SQLAlchemy's own compliance suite on each transport. Ends with
# the line "N passed, N failed, N skipped". A failure of the compliance suite counts unless compliance/known.txt has it, with
# its reason; one that stands there and passes counts too.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
venv=$NEON_TEST_BUILDDIR/venv
if [ "${1:-}" = --venv ]; then venv=$2; shift 2; fi
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
passed=0 failed=0 skipped=0

prepare()
{
    local stamp
    stamp=$(cat "$here/requirements.txt" "$here/../../python/pyproject.toml" | sha256sum)
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv" || { echo "python3 -m venv failed: is python3-venv installed?"; return 1; }
        "$venv/bin/pip" install -q -r "$here/requirements.txt" || return 1
        echo "$stamp" >"$venv/stamp"
    fi
    # from a copy: building writes beside the sources
    rm -rf "$venv/source" && mkdir "$venv/source" && cp -R "$here/../../python/." "$venv/source" && rm -rf "$venv"/source/*.egg-info &&
        "$venv/bin/pip" install -q --force-reinstall --no-deps "$venv/source"
}

# Adds pytest's closing line to the totals.
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
    (cd "$here" && "$venv/bin/python" -m pytest -q -rs --tb=short -p no:cacheprovider --ignore compliance "$@") >"$log" 2>&1
    local status=$?
    if [ $status != 0 ]; then tail -n 200 "$log"; fi
    tail -n 1 "$log"
    add "$(tail -n 1 "$log")"
    [ $status -le 1 ] || failed=$((failed + 1))
}

prepare || { echo "the virtual environment could not be made"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
mkdir -p "$NEON_TEST_DIR/tmp"
own_tests "$@"
if [ $# = 0 ]; then
    for run in "$here"/compliance/run.sh; do
        line=$(bash "$run" "$venv" "$NEON_TEST_DIR/tmp" | tee /dev/stderr | tail -n 1)
        add "$line"
    done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
