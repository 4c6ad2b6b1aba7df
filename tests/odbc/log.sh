#!/usr/bin/env bash
# The log by keyword: what each level writes, whose the file is, and that no secret gets into it. Prints TAP.
set -u
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8
work=$NEON_TEST_DIR/tmp/log
mkdir -p "$work"
cp "$ODBCINI" "$work/odbc.ini"
export ODBCINI=$work/odbc.ini

# run LEVEL SQL [KEYWORD...]: the data source "logged" writes to $work/driver.log; prints what isql says.
run()
{
    local level=$1 sql=$2
    shift 2
    sed -i '/^\[logged\]/,$d' "$ODBCINI"
    {
        printf '\n[logged]\n'
        # (of two lines for a keyword the first would count)
        sed -n '/^\[neon\]/,/^$/{/^\[/d;p}' "$ODBCINI" | sed '/^$/d' |
            grep -viE "^($(printf '%s\n' nothing "$@" | sed 's/ *=.*//' | paste -sd '|')) *="
        printf 'LogLevel = %s\n' "$level"
        printf '%s\n' "$@"
    } >>"$ODBCINI"
    printf '%s\n' "$sql" | isql logged -v -b -3 2>&1
}
log() { cat "$work/driver.log" 2>/dev/null; }
fresh() { rm -rf "$work"/driver.log "$work"/logs; }
here="LogFile = $work/driver.log"
three='select generate_series(1, 3) as n'

run 0 "$three" "$here" >/dev/null
expect "level 0 writes nothing" "$(log; echo)" '!.+'
run 1 "$three" "$here" >/dev/null
expect "level 1: nothing when nothing fails" "$(log; echo)" '!.+'
run 1 'select * from no_such_table' "$here" >/dev/null
expect "level 1: a line for what failed, with the request's id" "$(log)" ' E POST http://.*/sql .* 400 [0-9]+ms out=[0-9]+ in=[0-9]+ id=[0-9a-f-]{36} attempt=1 42'
fresh
run 2 "$three" "$here" >/dev/null
expect "level 2: one line a request: time, status, duration, bytes, rows, id" "$(log)" \
    '^[0-9-]{10}T[0-9:.]{12}Z R POST http://.*/sql http/1\.1 200 [0-9]+ms out=[0-9]+ in=[0-9]+ rows=3 id=[0-9a-f-]{36} attempt=1$' '!generate_series'
expect "level 2: connecting and the statement are two" "$(log | grep -c ' R POST ')" '^2$'
fresh
run 2 "$three" "$here" "Transport = websocket" >/dev/null
expect "level 2: in a session too" "$(log)" ' R session statements=1 [0-9]+ms out=[0-9]+ in=[0-9]+ rows=3$' '!generate_series'
fresh
run 1 'select * from no_such_table' "$here" "Transport = websocket" >/dev/null
expect "level 1: and what failed in it" "$(log)" ' E session statements=1 [0-9]+ms out=[0-9]+ in=[0-9]+ 42'
fresh
run 3 "$three" "$here" >/dev/null
expect "level 3: the statement's text" "$(log)" ' S select generate_series\(1, 3\) as n$' '!SQLFetch'
fresh
run 4 "$three" "$here" >/dev/null
expect "level 4: the ODBC calls" "$(log)" ' C SQLPrepare' ' C SQLFetch' '!content-type'
fresh
run 5 "$three" "$here" >/dev/null
expect "level 5: the wire" "$(log)" ' W .*[Cc]ontent-[Tt]ype' '!neon-connection-string: p'
expect "the file is its owner's alone" "$(stat -c %a "$work/driver.log")" '^600$'
chmod 644 "$work/driver.log"
run 2 "$three" "$here" >/dev/null
expect "also when it was there before and open to others" "$(stat -c %a "$work/driver.log")" '^600$'
fresh
: >"$work/elsewhere"
ln -s "$work/elsewhere" "$work/driver.log"
expect "a symbolic link is refused, in words" "$(run 2 "$three" "$here")" 'log file .*driver.log' 'symbolic link'
expect "and nothing is written behind it" "$(cat "$work/elsewhere"; echo)" '!.+'
fresh
expect "a folder that does not exist, in words" "$(run 2 "$three" "LogFile = $work/nowhere/x.log")" 'cannot be opened' 'LogFile'
mkdir "$work/logs"
run 2 "$three" "LogDir = $work/logs" >/dev/null
expect "LogDir: a file for each process" "$(ls "$work/logs"; cat "$work"/logs/*; stat -c %a "$work"/logs/*)" '[0-9]+.*\.log' 'rows=3' '^600$'
fresh
run 2 "select E'a\\nb', 'x'" "$here" >/dev/null

# Secrets: in the keywords, in what the server says, in addresses.
encoded=$(python3 -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["NEON_TEST_PASSWORD"], safe=""))')
middle=$(python3 -c 'import base64, os; print(base64.b64encode(os.environ["NEON_TEST_PASSWORD"].encode()).decode()[4:16])')
run 5 "select '$NEON_TEST_PASSWORD' as shown; select no_column -- $encoded" "$here" >/dev/null
run 5 "$three" "$here" 'PWD = hush-hush-1' >/dev/null
run 5 "$three" "$here" "Url = postgresql://app:hush-hush-2@$NEON_TEST_SERVER/shop" 'PWD = ' >/dev/null
run 5 "$three" "$here" 'Token = eyJhbGciOi.hush-hush-3.sig' 'PWD = ' >/dev/null
run 5 "$three" "$here" 'Proxy = http://me:hush-hush-4@127.0.0.1:9' 'ApiHost = https://gw.neon.test' >/dev/null
run 5 "$three" "$here" 'Proxy = http://127.0.0.1:9' 'ProxyUID = me' 'ProxyPWD = hush-hush-5' 'ApiHost = https://gw.neon.test' >/dev/null
run 5 "$three" "$here" 'Options = hush-hush-6' >/dev/null
# The same in sessions: the password in a message of its own, and, before a plain server, SCRAM.
everywhere="Transport = websocket"
run 5 "select '$NEON_TEST_PASSWORD' as shown; select no_column -- $encoded" "$here" "$everywhere" >/dev/null
run 5 "$three" "$here" 'PWD = hush-hush-7' "$everywhere" >/dev/null
run 5 "$three" "$here" "Url = postgresql://app:hush-hush-8@$NEON_TEST_SERVER/shop" 'PWD = ' "$everywhere" >/dev/null
run 5 "$three" "$here" 'Proxy = http://me:hush-hush-9@127.0.0.1:9' 'ApiHost = https://gw.neon.test' "$everywhere" >/dev/null
curl -sf -X POST "$NEON_TEST_GATEWAY_URL/_gateway/websocket/plain" >/dev/null
scram=$(run 5 "select 'by SCRAM' as way" "$here" "$everywhere"; run 5 "$three" "$here" 'PWD = hush-hush-10' "$everywhere")
curl -sf -X POST "$NEON_TEST_GATEWAY_URL/_gateway/reset" >/dev/null
expect "sessions are logged too, with each way of logging in" "$scram$(log)" 'by SCRAM' '28000|28P01' ' session ' 'select .by SCRAM'
expect "no proof of SCRAM's is logged" "$(log)" '!p=[A-Za-z0-9+/]{20}' '!SCRAM-SHA-256'
expect "no secret at the highest level, in no spelling" "$(log)" 'select' '\*\*\*' "!hush-hush" "!s@crt" "!$encoded" "!$middle"
echo "1..$cases"
[ "$failures" = 0 ]
