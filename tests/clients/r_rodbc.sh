#!/usr/bin/env bash
# R with RODBC: odbcConnect, sqlQuery, sqlSave, sqlFetch, sqlTables, transactions.
. "$(dirname "$0")/lib/common.sh"
need Rscript
Rscript -e 'library(RODBC)' >/dev/null 2>&1 || skip "r-cran-rodbc is not installed: tests/deps.sh clients"
exec Rscript --vanilla "$here/rodbc.R"
