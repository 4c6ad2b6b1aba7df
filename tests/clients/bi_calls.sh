#!/usr/bin/env bash
# The call sequences of Tableau, of Power Query (Power BI, Excel) and of Microsoft Query, which run on other systems: what they ask
# a driver, what they try out, and how they read.
. "$(dirname "$0")/lib/common.sh"
need gcc
gcc -std=c11 -Wall -Wextra "$here/bi_calls.c" -o "$scratch/client" -lodbc || exit 1
exec "$scratch/client"
