#!/usr/bin/env bash
# SOCI, the C++ library. (It sets psqlODBC's private connection attributes when it meets "PostgreSQL".)
. "$(dirname "$0")/lib/common.sh"
need g++
[ -e /usr/include/soci/odbc/soci-odbc.h ] || skip "libsoci-dev is not installed: tests/deps.sh clients"
g++ -std=c++17 -O0 -I/usr/include/soci "$here/soci_client.cpp" -o "$scratch/client" -lsoci_core -lsoci_odbc -lodbc || exit 1
exec "$scratch/client"
