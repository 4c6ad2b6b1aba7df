#!/usr/bin/env bash
# POCO's Data library for C++.
. "$(dirname "$0")/lib/common.sh"
need g++
[ -e /usr/include/Poco/Data/ODBC/Connector.h ] || skip "libpoco-dev is not installed: tests/deps.sh clients"
g++ -std=c++17 -O0 "$here/poco_client.cpp" -o "$scratch/client" -lPocoDataODBC -lPocoData -lPocoFoundation || exit 1
exec "$scratch/client"
