#!/usr/bin/env bash
# Rust's odbc-api, with text in columns of buffers (its fast way) and single parameters.
. "$(dirname "$0")/lib/common.sh"
need cargo
version=$(rustc --version | sed 's/rustc 1\.\([0-9]*\).*/\1/')
[ "${version:-0}" -ge 80 ] || skip "odbc-api needs Rust 1.80 or later, here is $(rustc --version)"
cp -R "$here"/rust/* "$scratch"/
cd "$scratch" || exit 1
fetch fetch.log cargo fetch --locked
cargo build --locked --offline --quiet >build.log 2>&1 || {
    tail -n 30 build.log
    exit 1
}
exec target/debug/client
