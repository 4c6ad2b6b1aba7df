#!/usr/bin/env bash
# The clients once more with each transport: the other scripts of this folder use Transport=auto, this one runs them with a
# session for everything (websocket) and with none (http), where transactions are buffered.
. "$(dirname "$0")/lib/common.sh"
. "$here/../../tap.sh"
for client in pyodbc perl_dbd_odbc php r_rodbc qt_qodbc tcl_tdbc ruby_odbc erlang gdal libreoffice soci poco dotnet bi_calls; do
    for transport in websocket http; do
        said=$(CLIENT_TRANSPORT=$transport bash "$here/../$client.sh" 2>&1)
        status=$?
        if [ $status = 77 ]; then
            tail -n 1 <<<"$said"
            echo "ok $((++cases)) - $client, Transport=$transport # SKIP"
        else
            expect "$client, Transport=$transport" "$said
exit $status" '^exit 0$' '!^not ok'
        fi
    done
done
echo "1..$cases"
[ "$failures" = 0 ]
