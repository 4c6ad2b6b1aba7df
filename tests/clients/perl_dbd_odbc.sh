#!/usr/bin/env bash
# Perl's DBI with DBD::ODBC.
. "$(dirname "$0")/lib/common.sh"
perl -MDBD::ODBC -e 1 2>/dev/null || skip "libdbd-odbc-perl is not installed: tests/deps.sh clients"
# Text of more than 8190 characters needs this: both size their buffers by the description (docs/clients.md).
data_source TextAsLongVarchar=1
exec perl "$here/dbd_odbc.pl"
