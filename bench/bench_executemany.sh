#!/usr/bin/env bash
# bench_executemany.sh [ROWS]: a transaction of ROWS (1000) single-row inserts by pyodbc's executemany, over this driver and
# HTTP, and over psqlODBC and TCP, both through relays that add 20 ms to each round trip. Prints seconds and the ratio; asserts
# nothing. make bench runs it; in the build folder: make bench/bench_relay && ../../tests/with-services.sh ../../bench/bench_executemany.sh
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
venv=$NEON_TEST_BUILDDIR/venvs/executemany
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv" && "$venv/bin/pip" install -q pyodbc && touch "$venv/ready" ||
        { echo "the virtual environment could not be made"; exit 1; }
fi
PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$here/bench_executemany.py" "$@"
