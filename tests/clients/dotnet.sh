#!/usr/bin/env bash
# .NET's System.Data.Odbc, as Mono has it: commands, readers, the schema of a reader, an adapter whose commands are made.
. "$(dirname "$0")/lib/common.sh"
need mcs
need mono
mcs -r:System.Data.dll -out:"$scratch/client.exe" "$here/dotnet_client.cs" >"$scratch/build.log" 2>&1 || {
    grep -q 'System.Data' "$scratch/build.log" && skip "libmono-system-data4.0-cil is not installed: tests/deps.sh clients"
    cat "$scratch/build.log"
    exit 1
}
exec mono "$scratch/client.exe"
