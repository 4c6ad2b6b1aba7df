#!/usr/bin/env bash
# bench_sqlalchemy.sh [--quick] [--clients http,psycopg] [--tasks read,insert,point,reflect]: the SQLAlchemy dialect beside
# sqlalchemy-neon-serverless, through the same gateway, and beside psycopg over TCP, on the same database in one run; with 0 and
# 20 ms of added latency. Prints a table; asserts nothing.
# In the build folder:
#   make bench/bench_relay && NEON_GATEWAY_ARGS='--max-response-bytes 1000000000' ../../tests/with-services.sh ../../bench/bench_sqlalchemy.sh
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
venv=$NEON_TEST_BUILDDIR/venvs/bench
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install -q 'sqlalchemy==2.0.*' pyodbc aioodbc 'psycopg[binary]' 'sqlalchemy-neon-serverless' && touch "$venv/ready" ||
        { echo "the virtual environment could not be made"; exit 1; }
fi
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here/../python exec "$venv/bin/python" "$here/bench_sqlalchemy.py" "$@"
