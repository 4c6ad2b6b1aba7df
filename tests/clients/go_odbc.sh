#!/usr/bin/env bash
# Go's database/sql with github.com/alexbrainman/odbc.
. "$(dirname "$0")/lib/common.sh"
need go
cp "$here"/go/* "$scratch"/
cd "$scratch" || exit 1
export GOTOOLCHAIN=local GOFLAGS=
fetch download.log go mod download
go build -o client . >build.log 2>&1 || {
    grep -q 'requires go' build.log && skip "go cannot build it here: $(tail -n 1 build.log)"
    tail -n 20 build.log
    exit 1
}
exec ./client
