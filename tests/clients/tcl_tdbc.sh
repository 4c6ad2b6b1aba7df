#!/usr/bin/env bash
# Tcl's tdbc::odbc.
. "$(dirname "$0")/lib/common.sh"
need tclsh
[ "$(echo 'puts [catch {package require tdbc::odbc}]' | tclsh)" = 0 ] || skip "tcl8.6-tdbc-odbc is not installed: tests/deps.sh clients"
exec tclsh "$here/tdbc_client.tcl"
