#!/usr/bin/env bash
# pyodbc, with and without fast_executemany.
. "$(dirname "$0")/lib/common.sh"
python=$(python_with pyodbc) || skip "python3-pyodbc is not installed: tests/deps.sh clients"
exec "$python" "$here/pyodbc_client.py"
