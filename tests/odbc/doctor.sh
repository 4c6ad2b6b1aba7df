#!/usr/bin/env bash
# neon-odbc doctor where everything works, and at each thing that can go wrong on the way: what it says, and what to do. The
# troubles are real: certificates made for it, a proxy (tinyproxy), gateways of its own, a web server (nginx). Prints TAP.
set -u
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/usr/local/sbin
tool=$NEON_TEST_BUILDDIR/tool/neon-odbc
[ -x "$tool" ] || { echo "the tool is not built"; exit 77; }
gateway=${NEON_GATEWAY:-$NEON_TEST_BUILDDIR/gateway/neon-gateway}
[ -x "$gateway" ] || { echo "the gateway is not built"; exit 77; }
dir=$NEON_TEST_DIR/tmp/doctor
mkdir -p "$dir"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null' EXIT
cp "$ODBCINI" "$dir/odbc.ini"
export ODBCINI=$dir/odbc.ini XDG_CONFIG_HOME=$dir/config

doctor() { "$tool" doctor "$@" 2>&1; printf 'exit %s\n' $?; }
dsn() # NAME KEY=VALUE...: a data source with the right login unless told otherwise
{
    local name=$1
    shift
    # (of two values for a keyword the first counts)
    "$tool" dsn add "$name" "$@" "Server=$NEON_TEST_SERVER" "Database=$NEON_TEST_DATABASE" "UID=$NEON_TEST_USER" \
        "PWD=$NEON_TEST_PASSWORD" RetryCount=0 >/dev/null
}
start_gateway() # NAME ARGUMENT...; sets $port
{
    local name=$1
    shift
    "$gateway" --pg-file "$NEON_TEST_DIR/secret/pg-url" --listen 127.0.0.1:0 --port-file "$dir/$name.port" "$@" >"$dir/$name.log" 2>&1 &
    pids+=($!)
    wait_for_file "$dir/$name.port"
    port=$(tr -dc 0-9 <"$dir/$name.port")
}

# ---- all is well -------------------------------------------------------------------------------------------------------

dsn good "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA"
expect "every step, with its time" "$(doctor good)" '^ok +keywords +.*database shop, role app' '^ok +driver .*libneonodbc\.so' '^ok +proxy .*none' \
    '^ok +name +[0-9.]+ ms' '^ok +tcp +[0-9.]+ ms .*port [0-9]+' '^ok +tls +[0-9.]+ ms .*names DNS:localhost.*issued by.*valid from' \
    '^ok +http +[0-9.]+ ms .*HTTP/1\.1, status 400' '^ok +login +[0-9.]+ ms' '^ok +server +[0-9.]+ ms .*PostgreSQL' \
    '^ok +round trip +[0-9.]+ ms' '^ok +wake-up +[0-9.]+ ms .*awake' '^ok +limits .*[0-9]+ connections' '^ok +websocket +[0-9.]+ ms' \
    '^ok +session +[0-9.]+ ms .*a transaction \(read committed\) was begun and rolled back' 'Everything works' 'exit 0' '!FAILED' '!s@crt'
expect "as JSON" "$(doctor good --json | sed '$d' | python3 -c 'import json, sys; print([(s["step"], s["result"]) for s in json.load(sys.stdin)])')" \
    "'keywords', 'ok'.*'driver', 'ok'.*'proxy', 'ok'.*'name', 'ok'.*'tcp', 'ok'.*'tls', 'ok'.*'http', 'ok'.*'login', 'ok'.*'server', 'ok'.*'round trip', 'ok'.*'wake-up', 'ok'.*'limits', 'ok'.*'websocket', 'ok'.*'session', 'ok'"

# ---- names and networks ------------------------------------------------------------------------------------------------

dsn unknown Server=ep-x-1.eu.invalid
expect "a host that does not exist" "$(doctor unknown)" '^FAILED name .*ep-x-1\.eu\.invalid|^FAILED name .*api\.eu\.invalid' 'Check Server for typing errors' 'exit 1' '!tcp'
dsn closed ApiHost=https://127.0.0.1:9
expect "a port where nobody answers" "$(doctor closed)" '^FAILED tcp' 'firewall' 'port 443' 'exit 1'
"$tool" dsn add half "Server=$NEON_TEST_SERVER" >/dev/null
expect "an incomplete data source" "$(doctor half)" '^FAILED keywords' 'UID' 'exit 1'
expect "a data source that does not exist" "$(doctor nowhere)" '^FAILED keywords .*no data source "nowhere"' 'neon-odbc dsn add' 'exit 1'

# ---- certificates ------------------------------------------------------------------------------------------------------

dsn untrusted "ApiHost=$NEON_TEST_GATEWAY_TLS_URL"
expect "an authority that is not trusted: whose certificate it is" "$(doctor untrusted)" '^FAILED tls .*issued by CN = localhost' 'name its authority: CAFile=' \
    'exit 1' '!login'
printf '\n[braces]\nDriver = Neon\nApiHost = %s\nAllowInsecure = 1\nServer = %s\nDatabase = %s\nUID = %s\nPWD = {%s}\n' "$NEON_TEST_GATEWAY_URL" \
    "$NEON_TEST_SERVER" "$NEON_TEST_DATABASE" "$NEON_TEST_USER" "$NEON_TEST_PASSWORD" >>"$ODBCINI"
expect "braces around a password" "$(doctor braces)" 'keywords .*the braces around PWD belong to its value' '^FAILED login .*28000' \
    'PWD of the data source stands in braces' 'exit 1'
dsn no-ca "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" CAFile=/nowhere/ca.pem
expect "a CAFile that is not there" "$(doctor no-ca)" '^FAILED keywords .*CAFile names "/nowhere/ca.pem"' 'exit 1'

make_certificate() # NAME SUBJECT-ALTERNATIVE-NAME OPENSSL-CA-DATES...
{
    local name=$1 names=$2
    shift 2
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" -keyout "$dir/$name.key" -out "$dir/$name.csr" 2>/dev/null
    printf '[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=%s\ndatabase=%s/index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=%s\n' \
        "$dir" "$dir" "$names" >"$dir/$name.cnf"
    : >"$dir/index"
    openssl ca -batch -notext -config "$dir/$name.cnf" -extensions e -cert "$dir/ca.pem" -keyfile "$dir/ca.key" -in "$dir/$name.csr" \
        -out "$dir/$name.pem" "$@" 2>"$dir/$name.err" || cat "$dir/$name.err"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=Test-Authority -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
make_certificate expired DNS:localhost,IP:127.0.0.1 -startdate 20200101000000Z -enddate 20200201000000Z
make_certificate future DNS:localhost,IP:127.0.0.1 -startdate 20980101000000Z -enddate 20990201000000Z
make_certificate other DNS:db.example.test -days 2
for name in expired future other; do
    start_gateway $name --tls-cert "$dir/$name.pem" --tls-key "$dir/$name.key"
    dsn $name "ApiHost=https://127.0.0.1:$port" "CAFile=$dir/ca.pem"
done
expect "an expired certificate" "$(doctor expired)" '^FAILED tls .*expired.*to Feb +1 .*2020' 'must renew it' "machine's clock" 'exit 1' '!login'
expect "a certificate of the future" "$(doctor future)" '^FAILED tls .*not yet valid' "machine's clock" 'exit 1'
expect "a certificate for another name: which" "$(doctor other)" '^FAILED tls .*match.*names DNS:db\.example\.test.*issued by CN = Test-Authority' \
    'correct Server or ApiHost' 'exit 1'
plain_port=$(tr -dc '0-9' <<<"${NEON_TEST_GATEWAY_URL##*:}")
dsn no-tls "ApiHost=https://127.0.0.1:$plain_port"
expect "no TLS is spoken there" "$(doctor no-tls)" '^FAILED tls' 'exit 1'

# ---- proxies -----------------------------------------------------------------------------------------------------------

dsn dead-proxy "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA" Proxy=http://127.0.0.1:9
expect "a proxy that is not there" "$(doctor dead-proxy)" '^ok +proxy .*the keyword Proxy' '^FAILED proxy' 'The proxy does not answer' 'exit 1'
dsn nameless-proxy "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA" Proxy=http://proxy.invalid:3128
expect "a proxy whose name does not exist" "$(doctor nameless-proxy)" '^FAILED proxy' "The proxy's own name cannot be found" 'exit 1'
if command -v tinyproxy >/dev/null; then
    start_proxy() # NAME LINE...; sets $port
    {
        local name=$1
        shift
        port=$(free_port)
        { printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n' "$port"; printf '%s\n' "$@"; } >"$dir/$name.conf"
        tinyproxy -d -c "$dir/$name.conf" >/dev/null 2>&1 &
        pids+=($!)
        wait_for_port "$port"
    }
    start_proxy open
    dsn via-proxy "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA" "Proxy=http://127.0.0.1:$port"
    expect "through a proxy everything works, and it is said" "$(doctor via-proxy)" '^ok +proxy .*the keyword Proxy' '^ok +name .*looked up by the proxy' \
        '^ok +tcp .*the proxy' '^ok +login' 'exit 0'
    dsn by-environment "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA"
    expect "a proxy of the environment" "$(HTTPS_PROXY=http://127.0.0.1:$port doctor by-environment)" '^ok +proxy .*HTTPS_PROXY' 'exit 0'
    start_proxy login 'BasicAuth surfer s3cret-of-the-proxy'
    dsn proxy-login "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA" "Proxy=http://127.0.0.1:$port"
    expect "a proxy that wants a login" "$(doctor proxy-login)" '^FAILED proxy .*407' 'ProxyUID and ProxyPWD' 'exit 1'
    start_proxy narrow 'ConnectPort 443'
    dsn proxy-narrow "ApiHost=$NEON_TEST_GATEWAY_TLS_URL" "CAFile=$NEON_TEST_CA" "Proxy=http://127.0.0.1:$port"
    expect "a proxy that does not let the port pass" "$(doctor proxy-narrow)" '^FAILED proxy .*403' 'ask its keeper' 'exit 1'
fi

# ---- something else answers --------------------------------------------------------------------------------------------

if command -v nginx >/dev/null; then
    port=$(free_port)
    make_certificate web DNS:localhost,IP:127.0.0.1 -days 2
    mkdir -p "$dir/nginx"
    cat >"$dir/nginx.conf" <<CONF
daemon off; master_process off; pid $dir/nginx.pid; error_log $dir/nginx-error.log; events { }
http {
    access_log off; client_body_temp_path $dir/nginx; proxy_temp_path $dir/nginx; fastcgi_temp_path $dir/nginx;
    uwsgi_temp_path $dir/nginx; scgi_temp_path $dir/nginx; default_type text/html;
    server {
        listen 127.0.0.1:$port ssl; ssl_certificate $dir/web.pem; ssl_certificate_key $dir/web.key;
        location /portal/ { return 302 https://login.example.test/welcome; }
        location / { return 200 "<html>hello</html>"; }
    }
}
CONF
    nginx -c "$dir/nginx.conf" -e "$dir/nginx-error.log" >/dev/null 2>&1 &
    pids+=($!)
    wait_for_port "$port"
    dsn web "ApiHost=https://127.0.0.1:$port" "CAFile=$dir/ca.pem"
    expect "a web server" "$(doctor web)" '^FAILED http .*status 200' 'text/html instead of JSON' 'Check Server and ApiHost' 'exit 1' '!^ok +login'
    dsn portal "ApiHost=https://127.0.0.1:$port/portal/sql" "CAFile=$dir/ca.pem"
    expect "a network's login page" "$(doctor portal)" '^FAILED http .*status 302' 'login\.example\.test' 'Log in there with a browser' 'exit 1'
fi

# ---- login and sessions ------------------------------------------------------------------------------------------------

"$tool" dsn add wrong "postgresql://app:hush-hush@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 >/dev/null
expect "a wrong password" "$(doctor wrong)" '^ok +http' '^FAILED login .*28000' 'Check UID and PWD' 'exit 1' '!hush-hush'
dsn no-database "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 Database=nowhere
expect "a database that does not exist" "$(doctor no-database)" '^FAILED login .*nowhere' 'exit 1'
printf '%s\n' "$NEON_TEST_PASSWORD" >"$dir/open.pwd"
chmod 644 "$dir/open.pwd"
"$tool" dsn add open-file "Server=$NEON_TEST_SERVER" Database=shop UID=app "PWDFile=$dir/open.pwd" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 >/dev/null
expect "a password file that others may read" "$(doctor open-file)" '^FAILED keywords' 'open\.pwd' 'chmod 600' 'exit 1'
# As the administrators' windows write one: every keyword, the empty ones too, the password as it is, the file left open.
{
    printf '[by-window]\nDriver=Neon\nUrl=\nServer=%s\nPort=443\nDatabase=shop\nUID=app\n' "$NEON_TEST_SERVER"
    printf 'PWD=%s\nPWDFile=\nToken=\nApiHost=%s\nAllowInsecure=1\n' "$NEON_TEST_PASSWORD" "$NEON_TEST_GATEWAY_URL"
} >"$dir/window.ini"
chmod 644 "$dir/window.ini"
expect "a password in an odbc.ini that others may read" "$(ODBCINI=$dir/window.ini doctor by-window)" '^ok +keywords' \
    '^note +keywords .*other users can read PWD in .*window\.ini' 'chmod 600 ".*window\.ini"' '^ok +login' 'exit 0' '!s@crt'
printf '%s\n' "$NEON_TEST_PASSWORD" >"$dir/closed.pwd"
sed -e "s|^PWDFile=|&$dir/closed.pwd|" -e 's|^PWD=.*|PWD=|' "$dir/window.ini" >"$dir/window-file.ini"
chmod 600 "$dir/closed.pwd" && chmod 644 "$dir/window-file.ini"
expect "a password in a file of its own, of an odbc.ini that others may read" "$(ODBCINI=$dir/window-file.ini doctor by-window)" '^ok +login' 'exit 0' '!other users'
chmod 600 "$dir/window.ini"
expect "the odbc.ini with the password, closed" "$(ODBCINI=$dir/window.ini doctor by-window)" '^ok +login' 'exit 0' '!other users'
start_gateway no-websocket --websocket off
dsn no-websocket "ApiHost=http://127.0.0.1:$port" AllowInsecure=1
expect "no WebSockets: statements work, transactions are buffered" "$(doctor no-websocket)" '^ok +login' '^note +websocket .*status 4' 'Transport=http' \
    'Statements work, transactions are buffered' 'exit 0' '!^[a-zA-Z]+ +session'
dsn needs-websocket "ApiHost=http://127.0.0.1:$port" AllowInsecure=1 Transport=websocket
expect "no WebSockets, and Transport=websocket" "$(doctor needs-websocket)" '^FAILED websocket .*status 4' 'Transport=auto' 'exit 1' '!^ok +login'
dsn all-websocket "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 Transport=websocket
expect "Transport=websocket: the login is a session's" "$(doctor all-websocket)" '^ok +websocket' '^ok +login .*in a session' '^ok +server' 'exit 0'
dsn no-session "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 Transport=http
expect "Transport=http: no session is tried" "$(doctor no-session)" '^ok +websocket .*not used with Transport=http' 'exit 0' '!^[a-zA-Z]+ +session'
dsn session-breaks "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1
# (the step before, which upgrades and leaves, takes the fault's first)
curl -sf -X POST -d '{"kind": "ws_cut", "direction": "out", "after": 0, "count": 2}' "$NEON_TEST_GATEWAY_URL/_gateway/fault" >/dev/null
expect "an upgrade that is accepted, and a session that breaks" "$(doctor session-breaks)" '^ok +websocket' '^FAILED session .*08' 'Transport=http' 'exit 1'
curl -sf -X POST "$NEON_TEST_GATEWAY_URL/_gateway/reset" >/dev/null
dsn unregistered "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1
mkdir -p "$dir/empty"
expect "a driver that is not registered" "$(ODBCSYSINI=$dir/empty doctor unregistered)" '^FAILED driver' 'neon-odbc register' 'exit 1'
printf '[Neon]\nDriver=/nowhere/libneonodbc.so\n' >"$dir/empty/odbcinst.ini"
expect "a driver whose file is gone" "$(ODBCSYSINI=$dir/empty doctor unregistered)" '^FAILED driver .*/nowhere/libneonodbc.so' 'register the driver again' 'exit 1'
echo "1..$cases"
[ "$failures" = 0 ]
