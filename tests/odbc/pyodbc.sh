#!/usr/bin/env bash
# The driver under pyodbc: types that the server must be told, executemany in both ways, transactions, big values.
# Makes a virtual environment below the build folder (kept for the next run) and runs tests/pyodbc/programs.py, which prints TAP.
set -u
here=$(cd "$(dirname "$0")/../pyodbc" && pwd -P)
. "$here/../again.sh"
venv=${NEON_TEST_BUILDDIR:-$PWD}/venv-pyodbc
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
stamp=$(sha256sum <"$here/requirements.txt")
if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$venv"
    if ! { python3 -m venv "$venv" && again "$venv/bin/pip" install -q -r "$here/requirements.txt"; } >"$venv.log" 2>&1; then
        cat "$venv.log"
        echo "pyodbc could not be installed (python3-venv, or no package index)"
        exit 77
    fi
    echo "$stamp" >"$venv/stamp"
fi
exec "$venv/bin/python" "$here/programs.py"
