#!/usr/bin/env bash
# neon-odbc, the tool, as a person types it: data sources, queries in three forms, the doctor where things are broken,
# registering. Its files lie in folders of the test's own. Prints TAP.
set -u
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8
tool=$NEON_TEST_BUILDDIR/tool/neon-odbc
[ -x "$tool" ] || { echo "the tool is not built"; exit 77; }
home=$NEON_TEST_DIR/tmp/tool-home
mkdir -p "$home"
cp "$ODBCINI" "$home/odbc.ini"
export ODBCINI=$home/odbc.ini XDG_CONFIG_HOME=$home/config
unset PGPASSWORD

neon() { "$tool" "$@" 2>&1; printf 'exit %s\n' $?; }
encoded=$(python3 -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["NEON_TEST_PASSWORD"], safe=""))')
url=postgresql://app:$encoded@$NEON_TEST_SERVER/shop
rows='select id, name, credit, active, note from customers order by id limit 3'

expect "without a command: what there is, exit code 2" "$(neon)" 'neon-odbc dsn add NAME' 'doctor' 'exit 2'
expect "an unknown command" "$(neon dsnn)" 'no command "dsnn"' 'exit 2'
expect "an unknown option" "$(neon query x y --yaml)" 'option --yaml is not known' 'exit 2'
expect "dsn add" "$(neon dsn add mine "$url" "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA")" 'is ready' 'exit 0' "!$encoded"
expect "the password is in a file of its own" "$(cat "$home/config/neon-odbc/mine.pwd"; stat -c %a "$home/config/neon-odbc/mine.pwd")" '^600$'
expect "and not in odbc.ini" "$(sed -n '/^\[mine\]/,$p' "$ODBCINI")" 'PWDFile' '!PWD *='
expect "dsn add from stdin" "$(neon dsn add piped - "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 <<<"$url")" 'is ready' 'exit 0'
# While it waits for the URL, the password it has taken is no longer in the list of processes.
covered()
{
    local pid try
    mkfifo "$home/url"
    "$tool" dsn add covered PWD=hush-hush "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 - <"$home/url" &
    pid=$!
    exec 9>"$home/url"
    for try in $(seq 1000); do
        tr '\0' ' ' <"/proc/$pid/cmdline" >"$home/arguments"
        ! grep -q hush "$home/arguments" && grep -q 'PWD=' "$home/arguments" && break
        sleep 0.02
    done
    cat "$home/arguments"
    echo "postgresql://app@$NEON_TEST_SERVER/shop" >&9
    exec 9>&-
    wait "$pid"
    printf 'exit %s\n' $?
    cat "$home/config/neon-odbc/covered.pwd"
    "$tool" dsn remove covered >/dev/null
}
expect "a password among the arguments is covered" "$(covered)" 'PWD=\*+ ApiHost=http' 'is ready' 'exit 0' '^hush-hush$'
# At a terminal it asks, and shows nothing of what is typed.
typed() # WHAT-IS-TYPED ARGUMENT...
{
    python3 - "$@" <<'PYTHON'
import os, pty, sys

pid, fd = pty.fork()
if pid == 0:
    os.execv(os.environ["tool"], ["neon-odbc", *sys.argv[2:]])
said = b""
while b": " not in said:  # the prompt, behind which nothing is echoed
    said += os.read(fd, 1000)
os.write(fd, sys.argv[1].encode() + b"\n")
try:
    while piece := os.read(fd, 1000):
        said += piece
except OSError:  # the other end is closed
    pass
print(said.decode().replace("\r", ""), "exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}
export tool
expect "dsn add asks for a password that nobody has given" \
    "$(typed "$NEON_TEST_PASSWORD" dsn add asked "postgresql://app@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1)" \
    'Password \(not shown' 'is ready' 'exit 0' '!s@crt'
expect "and it is the right one, in a file of its own" "$(neon query asked 'select 6 * 7 as n'; cat "$home/config/neon-odbc/asked.pwd")" '^42$' '^s@crt'
expect "dsn add - asks for the connection string" \
    "$(typed "$url" dsn add asked2 - "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1)" 'Connection string .*not shown' 'is ready' "!$encoded"
expect "an empty answer leaves the password out" \
    "$(typed '' dsn add none "postgresql://app@$NEON_TEST_SERVER/shop"; neon dsn show none)" 'is ready' '^UID +app' '!PWD'
expect "a URL without a host" "$(neon dsn add hostless postgresql:// </dev/null; neon dsn remove hostless)" 'saved, but names no server' '!is ready' 'exit 0'
# Ctrl-C at the prompt: the shell's terminal echoes again.
interrupted()
{
    python3 - "$@" <<'PYTHON'
import os, pty, sys, termios

said = b""
tool, fd = pty.fork()
if tool == 0:  # a shell stays behind, as the terminal's
    os.execvp("sh", ["sh", "-c", 'trap : INT; "$tool" "$@"; stty -a', "sh", *sys.argv[1:]])
while b": " not in said:
    said += os.read(fd, 1000)
while termios.tcgetattr(fd)[3] & termios.ECHO:
    pass
os.write(fd, b"half a passw\x03")
try:
    while piece := os.read(fd, 1000):
        said += piece
except OSError:  # the other end is closed
    pass
print(said.decode())
PYTHON
}
expect "Ctrl-C at the prompt leaves the terminal as it was" \
    "$(interrupted dsn add asked3 "postgresql://app@$NEON_TEST_SERVER/shop")" 'Password' '[; ]echo[; ]' '!-echo[; ]' '!half'
expect "without a terminal nobody is asked" "$(neon dsn add none "postgresql://app@$NEON_TEST_SERVER/shop" </dev/null)" 'is ready' '!Password'
expect "dsn list" "$(neon dsn list)" "^mine +$NEON_TEST_SERVER/shop" '^piped' 'exit 0' '!^pg '
expect "dsn show" "$(neon dsn show mine)" '^CAFile' '^PWDFile' 'exit 0'
printf '\n[by-url]\nDriver=Neon\nServer=\nUrl=%s\n' "$url" >>"$ODBCINI"
expect "dsn list reads a Url as a connection does" "$(neon dsn list)" "^by-url +$NEON_TEST_SERVER/shop" 'exit 0' '!crt'
expect "a data source that is refused leaves the one of its name as it is" \
    "$(neon dsn add mine "Server=other.example.test" ProxyPWD=hush; neon dsn show mine; neon dsn add new Servr=x; neon dsn list)" \
    'ProxyPWD is secret' "Server +$NEON_TEST_SERVER" 'did you mean Server\? Nothing was written' '!other\.example' '!^new ' '!hush'
"$tool" dsn remove by-url >/dev/null
printf '\n[theirs]\nDriver=PostgreSQL\nServername=x\n\n[own name]\nDriver=My Neon\nServer=x\nDatabase=y\n' >>"$ODBCINI"
printf '\n[My Neon]\nDriver=%s\n' "$NEON_TEST_DRIVER" >>"$ODBCSYSINI/odbcinst.ini"
expect "another driver's data source is neither replaced nor taken out" "$(neon dsn add theirs "$url"; neon dsn remove theirs; neon doctor theirs; sed -n '/^\[theirs\]/,/^$/p' "$ODBCINI")" \
    'FAILED keywords .* is for another driver, PostgreSQL$' 'for another driver \(PostgreSQL\)' '^Driver=PostgreSQL' '^Servername=x' '!is gone' '!is ready'
expect "one that names this driver by a name of its own is ours" "$(neon dsn list; neon dsn remove 'own name')" '^own name +x/y' '"own name" is gone' '!^theirs'
printf '\n[noen]\nDriver=Noen\nUrl=%s\n\n[bare]\nUrl=%s\n\n[moved]\nDriver=/nowhere/libneonodbc.so\nUrl=%s\n' "$url" "$url" "$url" >>"$ODBCINI"
expect "doctor: a driver that is not registered, none, and one that is gone" "$(for name in noen bare moved; do neon doctor $name; done; neon query moved 'select 1')" \
    'FAILED driver .*\[Noen\] is not registered' 'Driver = Neon\.$' 'names no driver' 'There is no such file' \
    '-> The driver.s file is gone.*neon-odbc register' '!exit 0'
for name in noen bare moved; do "$tool" dsn remove $name >/dev/null 2>&1; done
expect "dsn list and show as JSON" \
    "$("$tool" dsn list --json | python3 -c 'import json, sys; print(sorted(x["name"] for x in json.load(sys.stdin)))'
       "$tool" dsn show piped --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["Database"])')" "'mine'.*'piped'" '^shop$'
expect "secrets are not shown" "$(neon dsn show neon)" '^PWD +\*\*\*$'
add() { neon dsn add pasted "$@" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1; }
for pasted in "psql '$url?sslmode=require'" "  $url  " "${url/postgresql/PostgreSQL}" "'$url'"; do
    expect "dsn add: pasted as ${pasted:0:7}..." "$(add "$pasted"; neon query pasted 'select 6 * 7 as n'; neon dsn remove pasted
        add - <<<"$pasted"; neon query pasted 'select 7 * 7 as n'; neon dsn remove pasted)" 'is ready' '^42$' '^49$' '!exit [12]'
done
expect "dsn add -: what is no connection string is not taken for one" "$(add - <<<"app:hunter2@host/db"; neon query - 'select 1' <<<mine; neon dsn show pasted)" \
    'no connection string \(not shown\)' 'there is no data source' '!is ready' '!hunter2' '!exit 0'
expect "dsn add: a word that may hold a password is not shown" "$(neon dsn add bad 'app:hunter2@host/db')" 'not shown' 'exit 1' '!hunter2'
expect "dsn add: a name that odbc.ini would lose" "$(for name in 'mine ' ' mine'; do neon dsn add "$name" "$url"; done | tr '\n' ' '; ls "$home/config/neon-odbc")" \
    '(begins or ends with a space.*exit 1.*){2}' '!is ready' '!%20'
expect "dsn add: what it says to try can be pasted" "$(neon dsn add "it's \$1" "$url"; neon dsn remove "it's \$1")" \
    "Try it: neon-odbc query 'it'\\\\''s \\\$1' 'select" 'is gone'
expect "dsn add: a password that cannot be kept leaves odbc.ini as it was" \
    "$(cp "$ODBCINI" "$home/before"
       for name in mine halfmade; do XDG_CONFIG_HOME=/proc/none neon dsn add $name postgresql://u:p@other.example.test/db; done | tr '\n' ' '
       cmp "$ODBCINI" "$home/before" && echo same)" '(cannot be made.*exit 1.*){2}' 'same$'
expect "dsn add: nor does an odbc.ini that cannot be written leave a password" \
    "$(ODBCINI=$home/nowhere/odbc.ini neon dsn add nofile "$url"; ls "$home/config/neon-odbc")" 'could not be made' 'exit 1' '!nofile\.pwd'
expect "dsn add with a typing error" "$(neon dsn add bad Sever=x)" 'Server' 'exit 1'
expect "dsn add with nonsense" "$(neon dsn add bad nonsense)" 'neither a postgresql:// URL nor KEY=VALUE' 'exit 1'
expect "query: a table" "$(neon query mine "$rows")" '^id  name +credit  active  note$' '^ 2  Łukasz Wójcik +0\.00  1 +NULL$' '^\(3 rows\)$' 'exit 0'
expect "query: CSV" "$(neon query mine "$rows" --csv)" '^id,name,credit,active,note$' '^2,Łukasz Wójcik,0\.00,1,$' '^3,.*,""$'
expect "query: JSON is JSON" \
    "$(neon query piped "$rows" --json | sed '$d' | python3 -c 'import json, sys; print(json.load(sys.stdin)[1])')" \
    "'name': 'Łukasz Wójcik', 'credit': 0.0, 'active': True, 'note': None"
expect "query: values that JSON has no number for" "$(neon query mine "select 'NaN'::float8 as n, E'a\"\\n'::text as t" --json)" '"n": "NaN", "t": "a\\"\\u000a"'
json() { "$tool" query "$@" --json | python3 -c 'import json, sys; print(json.load(sys.stdin))'; }
expect "query: several statements are one JSON document" \
    "$(json mine 'select 1 as a; select 2 as b where false; update customers set note = note where id < 4; select 3 as c, null as d; -- end')" \
    "^\[\[\{'a': 1\}\], \[\], \[\], \[\{'c': 3, 'd': None\}\]\]$"
expect "query: one statement is its rows, also with a semicolon and without rows" \
    "$(echo $(json mine 'select 1 as a;'; json mine 'select 1 as a where false'; json mine 'update customers set note = note where id < 4'))" \
    "^\[\{'a': 1\}\] \[\] \[\]$"
neon dsn add live "$url" "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA" Transport=websocket >/dev/null
# Late enough that rows have been printed.
fails='select g + 0 / (200001 - g) as n from generate_series(1, 300000) g'
expect "query: rows that a failure cuts off do not look whole" "$(neon query live "$fails" --json | tail -n 3)" '"n": [0-9]+}' '22012' 'exit 1' '!^ *\]'
expect "query: nor as CSV, nor behind another result" \
    "$(for form in --csv --json; do neon query live "$fails" $form | tail -n 2; neon query live "select 1 as a; $fails" $form | tail -n 2; done | xargs)" \
    '(22012.*exit 1.*){4}' '!exit 0' '!\]\]'
full() { "$tool" query mine "$@" 2>&1 >/dev/full; echo "exit $?"; }
expect "query: output that does not get out is a failure" "$(for form in '' --csv --json; do full "$rows" $form; done | tr '\n' ' '; "$tool" dsn list 2>&1 >/dev/full || echo "list $?")" \
    '(could not be written: No space.*exit 1.*){3}' '^list 1$' '!exit 0'
expect "query: nor does it get into a connection, with stdout closed" "$("$tool" query mine "$rows" --csv 2>&1 >&-; echo "exit $?")" 'could not be written' 'exit 1'
expect "query: a statement with a null character is not cut there" "$(printf 'select 1 as a\0, 2' | "$tool" query mine - 2>&1; echo "exit $?")" 'null character' 'exit 1' '!1 row'
expect "query: a file of Windows" "$(printf '\xef\xbb\xbfselect 6 * 7 as n;\r\n' | neon query mine -)" '^42$' 'exit 0'
expect "query: more than it takes from stdin" "$(head -c 70000000 /dev/zero | tr '\0' ' ' | neon query mine -)" 'has more than 67108864 bytes' 'exit 1'
expect "query: a comment first, and -- before what looks like an option" \
    "$(neon query mine '-- all of them
select 6 * 7 as n'; neon query mine -- '--nothing')" '^42$' '^done$' '!exit [12]'
expect "query: one form, and options of its own alone" "$(neon query mine 'select 1' --csv --json; neon query mine 'select 1' --system; neon doctor mine --csv)" \
    'usage: neon-odbc query' 'option --system is not known here' 'option --csv is not known here' '!exit [01]'
printf '\n[typo]\nDriver=Neon\nServr=x\nApiHost=%s\nAllowInsecure=1\nUrl=%s\nTransport=websocket\n' "$NEON_TEST_GATEWAY_URL" "$url" >>"$ODBCINI"
expect "query: warnings and notices are said beside the data" "$("$tool" query typo "do 'begin raise notice ''hear, hear''; end'; select 42 as n" --csv 2>"$home/said"; cat "$home/said")" \
    '^42$' '01S00.*did you mean Server' '01000.*hear, hear'
"$tool" dsn remove typo >/dev/null
expect "query: control characters do not command the terminal" "$(neon query mine "select 'a' || chr(27) || 'b' || chr(127) || 'c' || chr(155) || 'd' || chr(233) as t")" '^a b c dé$'
expect "query: a count" "$(neon query mine 'update customers set note = note where id < 4')" '^3 rows changed$' 'exit 0'
expect "query: several results" "$(neon query mine 'select 1 as a; select 2 as b')" '^a$' '^b$'
expect "query: more rows than the table looks ahead" "$(neon query mine 'select generate_series(1, 2500) as n')" '^2500$' '\(2500 rows\)'
expect "query: the statement from stdin" "$(neon query mine - <<<'select 6 * 7 as n;')" '^42$' 'exit 0'
expect "--help anywhere" "$(neon dsn --help; neon query -h)" 'neon-odbc doctor NAME' 'exit 0' '!exit 2'
expect "query: a URL" "$(neon query - "select current_user as me" <<<"$url?host=$NEON_TEST_SERVER")" 'exit 1' "!$encoded"
expect "query: a wrong statement" "$(neon query mine 'selec 1')" '42601' 'syntax error' 'exit 1'
expect "query: an unknown data source" "$(neon query nowhere 'select 1')" 'IM002' 'neon-odbc dsn add' 'neon-odbc register' 'exit 1'
expect "query: a transaction that is left open is told, not lost in silence" \
    "$(neon query mine "begin; update customers set name = name where id = 1")" 'left open' 'COMMIT' 'exit 1'
expect "query: one that is ended" "$(neon query mine "begin; update customers set name = name where id = 1; commit")" '1 row changed' 'exit 0' '!left open'
expect "dsn remove" "$(neon dsn remove mine; neon dsn list; ls "$home/config/neon-odbc")" '"mine" is gone' 'exit 0' '!^mine'
expect "dsn remove what is not there" "$(neon dsn remove mine)" 'no data source "mine"' 'exit 1'

export ODBCSYSINI=$home/sys
mkdir -p "$ODBCSYSINI"
expect "register" "$(neon register "$NEON_TEST_DRIVER"; cat "$ODBCSYSINI/odbcinst.ini")" 'registered as \[Neon\]' '^\[Neon\]' 'libneonodbcS.so' 'Threading' 'exit 0'
expect "dsn list without any says how to make one" "$(ODBCINI=$home/no.ini neon dsn list)" 'no data sources of this driver yet.*neon-odbc dsn add' 'exit 0'
expect "Driver= of another library" "$(neon dsn add other "$url" 'Driver=Neon iODBC'; grep -A1 '^\[other\]' "$ODBCINI"; grep '^other' "$ODBCINI"; neon doctor other; neon dsn remove other; grep '^other' "$ODBCINI" || echo gone)" '^Driver *= *Neon iODBC' '^other *= *Neon iODBC' 'iodbctest DSN=other' 'This tool uses unixODBC' '^gone$'
expect "the registered driver works" "$(neon query piped 'select 41 + 1 as n')" '^42$' 'exit 0'
expect "registering it twice counts once" "$(neon register "$NEON_TEST_DRIVER"; grep UsageCount "$ODBCSYSINI/odbcinst.ini")" 'registered as \[Neon\]' '^UsageCount *= *1$' 'exit 0'
expect "words too many change nothing" "$(neon unregister mine; neon register a b; neon dsn list x; cat "$ODBCSYSINI/odbcinst.ini")" \
    'usage: neon-odbc unregister' 'usage: neon-odbc register' 'usage: neon-odbc dsn list' 'exit 2' '!exit 0' '\[Neon\]'
expect "unregister" "$(neon unregister; cat "$ODBCSYSINI/odbcinst.ini")" 'no longer registered' 'exit 0' '!\[Neon\]'
expect "unregister what is not registered" "$(neon unregister)" 'was not registered' 'exit 0'
expect "register what is no driver" "$(for what in . /etc/passwd "${NEON_TEST_DRIVER%.so}S.so"; do neon register "$what"; done | tr '\n' ' '; cat "$ODBCSYSINI/odbcinst.ini")" \
    '(cannot be loaded as a driver: [^ ].*exit 1.*){3}' '!is registered' '!\[Neon\]'
mkdir -p "$home/a folder" && cp "$NEON_TEST_DRIVER" "$home/a folder/alone.so"
expect "register one that has no setup library beside it" "$(cd "$home/a folder" && neon register alone.so; cat "$ODBCSYSINI/odbcinst.ini"; neon query piped 'select 6 * 7 as n'; neon unregister)" \
    'registered as \[Neon\].*/a folder/alone.so' '^Driver *= */.*/a folder/alone.so' 'Threading' '^42$' '!Setup'
expect "register what is not there" "$(neon register /nowhere/libneonodbc.so)" 'there is no /nowhere' 'exit 1'
echo "1..$cases"
[ "$failures" = 0 ]
