#!/usr/bin/env bash
# Sessions through TLS and proxies, with isql: certificates that are right and wrong, of server and client, HTTP proxies with and
# without a login, a reverse proxy that does not pass WebSockets on, and a login by SCRAM-SHA-256 at PostgreSQL itself. Each
# answer comes through a temporary table, which nothing but a session has. Prints TAP.
set -u
export LC_ALL=C.UTF-8
export PATH=$PATH:/usr/sbin:/usr/local/sbin
for program in isql tinyproxy nginx openssl psql; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
. "$(dirname "$0")/../network-lib.sh"

in_session='create temp table mine as select 40 + 2 as answer
select answer from mine'
ask_session() { ask "$1" "$in_session"; }
# A file, with the database's password told as such: it is no pattern.
without_password() { awk 'index($0, ENVIRON["NEON_TEST_PASSWORD"]) { print "THE PASSWORD" } { print }' "$1"; }
session() # NAME KEYWORD=VALUE...: a DSN whose statements all go to a session
{
    dsn "$@" 'Transport = websocket' 'LoginTimeout = 60'
}

# ---- certificates and gateways -----------------------------------------------------------------------------------------

authority() # NAME
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -keyout "$dir/$1.key" \
        -out "$dir/$1.pem" 2>>"$dir/openssl.log"
}
certificate() # NAME SUBJECT-ALT-NAME AUTHORITY
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$dir/$1.key" \
        -out "$dir/$1.csr" 2>>"$dir/openssl.log" &&
        printf 'subjectAltName=%s\n' "$2" >"$dir/$1.ext" &&
        openssl x509 -req -in "$dir/$1.csr" -days 2 -CA "$dir/$3.pem" -CAkey "$dir/$3.key" -set_serial "$((++serial))" \
            -extfile "$dir/$1.ext" -out "$dir/$1.pem" 2>>"$dir/openssl.log"
}
serial=0
authority ours && authority strangers && certificate here 'DNS:localhost,IP:127.0.0.1' ours &&
    certificate elsewhere 'DNS:db.example.com' ours && certificate client 'DNS:client' ours &&
    certificate intruder 'DNS:client' strangers ||
    { cat "$dir/openssl.log"; echo "Bail out! openssl makes no certificates"; exit 1; }

start_gateway() # NAME ARGUMENT...; sets $port
{
    local name=$1
    shift
    "$NEON_TEST_BUILDDIR/gateway/neon-gateway" --pg-file "$dir/pg-url" --listen 127.0.0.1:0 --port-file "$dir/$name.port" "$@" \
        >"$dir/$name.log" 2>&1 &
    pids+=($!)
    wait_for_file "$dir/$name.port"
    port=$(tr -dc 0-9 <"$dir/$name.port")
}
printf '%s\n' "$NEON_TEST_PG_ADMIN_URL" >"$dir/pg-url"
start_gateway here --tls --tls-cert "$dir/here.pem" --tls-key "$dir/here.key"
here=https://localhost:$port here_port=$port
start_gateway elsewhere --tls --tls-cert "$dir/elsewhere.pem" --tls-key "$dir/elsewhere.key"
elsewhere=https://localhost:$port
start_gateway plain --websocket plain
plain=http://127.0.0.1:$port
start_gateway off --websocket off
off=http://127.0.0.1:$port

# ---- TLS ---------------------------------------------------------------------------------------------------------------

ca=$dir/ours.pem
session wss "ApiHost = $here"
expect "a session inside TLS" "$(ask_session wss)" '\| 42 ' '!ERROR'
session wss13 "ApiHost = $here" 'TLSMinVersion = 1.3'
expect "a session inside TLS 1.3" "$(ask_session wss13)" '\| 42 ' '!ERROR'
session by-name "ApiHost = $elsewhere"
expect "another host's certificate is refused" "$(ask_session by-name)" '08001' 'certificate|host name' '!\| 42 '
session by-ca "ApiHost = $elsewhere" 'SSLmode = verify-ca'
expect "verify-ca does not look at the name" "$(ask_session by-ca)" '\| 42 ' '!ERROR'
ca=$dir/strangers.pem
session stranger "ApiHost = $here"
expect "a certificate of an authority that is not trusted is refused" "$(ask_session stranger)" '08001' 'certificate' '!\| 42 '
session stranger-ca "ApiHost = $here" 'SSLmode = verify-ca'
expect "also by verify-ca" "$(ask_session stranger-ca)" '08001' 'certificate' '!\| 42 '
session clear "ApiHost = http://localhost:$here_port" 'AllowInsecure = 1'
expect "without TLS a server with TLS is not understood" "$(ask_session clear)" '08001|08S01' '!\| 42 '
session remote 'ApiHost = http://db.example.com:80' 'AllowInsecure = 1'
expect "a password goes to no other host without TLS" "$(ask_session remote)" 'S1009|HY024|08001' '!\| 42 '

# ---- behind nginx: certificates of clients, and upgrades that are not passed on ----------------------------------------

ca=$dir/ours.pem
mutual_port=$(free_port)
deaf_port=$(free_port)
mkdir "$dir/nginx"
cat >"$dir/nginx.conf" <<CONF
daemon off;
master_process off;
pid $dir/nginx.pid;
error_log $dir/nginx-error.log;
events { }
http {
    access_log $dir/nginx-access.log;
    client_body_temp_path $dir/nginx; proxy_temp_path $dir/nginx; fastcgi_temp_path $dir/nginx;
    uwsgi_temp_path $dir/nginx; scgi_temp_path $dir/nginx;
    ssl_certificate $dir/here.pem; ssl_certificate_key $dir/here.key;
    server {
        listen 127.0.0.1:$mutual_port ssl;
        ssl_client_certificate $dir/ours.pem;
        ssl_verify_client on;
        location / {
            proxy_pass $NEON_TEST_GATEWAY_URL; proxy_http_version 1.1;
            proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection \$http_connection;
        }
    }
    server {
        listen 127.0.0.1:$deaf_port ssl;
        location / { proxy_pass $NEON_TEST_GATEWAY_URL; proxy_http_version 1.1; proxy_buffering off; }
    }
}
CONF
nginx -c "$dir/nginx.conf" -e "$dir/nginx-error.log" >/dev/null 2>&1 &
pids+=($!)
wait_for_port "$mutual_port"
wait_for_port "$deaf_port"

session mutual "ApiHost = https://localhost:$mutual_port" "ClientCert = $dir/client.pem" "ClientKey = $dir/client.key"
expect "a client's certificate, for a session" "$(ask_session mutual)" '\| 42 ' '!ERROR'
session no-client "ApiHost = https://localhost:$mutual_port"
expect "without it no session" "$(ask_session no-client)" '08001' '400' '!\| 42 '
session intruder "ApiHost = https://localhost:$mutual_port" "ClientCert = $dir/intruder.pem" "ClientKey = $dir/intruder.key"
expect "with a stranger's neither" "$(ask_session intruder)" '08001' '400' '!\| 42 '
session deaf "ApiHost = https://localhost:$deaf_port"
expect "a proxy that passes no upgrade on: what to do" "$(ask_session deaf)" '08001' 'WebSocket' 'Transport=http' '!\| 42 '
dsn deaf-auto "ApiHost = https://localhost:$deaf_port" 'Transport = auto'
expect "with Transport=auto HTTP goes on there" "$(ask deaf-auto)" '\| 42 ' '!ERROR'
expect "and a session's statements say so" "$(ask_session deaf-auto)" 'S1C00|HYC00' '!\| 42 '
expect "and a transaction is one" "$(ask deaf-auto 'begin
create table t_deaf as select 1 as a
rollback
select count(*) + 42 as answer from pg_class where relname = $$t_deaf$$')" '\| 42 ' '!ERROR'
session off "ApiHost = $off" 'AllowInsecure = 1'
expect "a server without WebSockets" "$(ask_session off)" '08001' 'Transport=http' '!\| 42 '

# ---- HTTP proxies ------------------------------------------------------------------------------------------------------

start_proxies

session via-proxy "ApiHost = $here" "Proxy = http://127.0.0.1:$open_port"
expect "a session through a proxy" "$(ask_session via-proxy)" '\| 42 ' '!ERROR'
expect "the proxy saw the CONNECT" "$(tr -d '\0' <"$dir/open.log")" "Request.*CONNECT localhost:$here_port"
session clear-via-proxy "ApiHost = $NEON_TEST_GATEWAY_URL" 'AllowInsecure = 1' "Proxy = http://127.0.0.1:$open_port"
expect "also without TLS: a tunnel, not a request" "$(ask_session clear-via-proxy)" '\| 42 ' '!ERROR'
session via-login "ApiHost = $here" "Proxy = http://127.0.0.1:$login_port" 'ProxyUID = surfer' \
    'ProxyPWD = s3cret-of-the-proxy' "LogFile = $dir/driver.log" 'LogLevel = 5'
expect "a proxy that wants a login" "$(ask_session via-login)" '\| 42 ' '!ERROR'
expect "no password is in the log" "$(without_password "$dir/driver.log")" 'session' '!s3cret' '!c3VyZmVyOnMzY3JldC' '!THE PASSWORD'
session no-login "ApiHost = $here" "Proxy = http://127.0.0.1:$login_port"
expect "without the login: 407, and what to give" "$(ask_session no-login)" '08001' 'ProxyUID' '407'
session bad-login "ApiHost = $here" "Proxy = http://127.0.0.1:$login_port" 'ProxyUID = surfer' 'ProxyPWD = wrong'
expect "with a wrong one" "$(ask_session bad-login)" '08001' '!\| 42 '
session refused "ApiHost = $here" "Proxy = http://127.0.0.1:$narrow_port"
expect "a proxy that does not pass the port on says so" "$(ask_session refused)" '08001' 'proxy refused' '403'
session dead "ApiHost = $here" 'Proxy = http://127.0.0.1:1'
expect "a proxy that is not there" "$(ask_session dead)" '08001' 'Proxy'
session by-environment "ApiHost = $here"
: >"$dir/open.log"
expect "a proxy by the environment" "$(HTTPS_PROXY=http://127.0.0.1:$open_port ask_session by-environment)" '\| 42 ' '!ERROR'
expect "and it was used" "$(tr -d '\0' <"$dir/open.log")" 'Request.*CONNECT'
: >"$dir/open.log"
expect "NO_PROXY goes past it" \
    "$(HTTPS_PROXY=http://127.0.0.1:$open_port NO_PROXY=localhost ask_session by-environment)" '\| 42 ' '!ERROR'
expect "and it was not used" "$(tr -d '\0' <"$dir/open.log")" '!Request'
ca=$dir/strangers.pem
session stranger-via-proxy "ApiHost = $here" "Proxy = http://127.0.0.1:$open_port"
expect "the certificate is checked through a proxy too" "$(ask_session stranger-via-proxy)" '08001' 'certificate' '!\| 42 '

# ---- SCRAM-SHA-256: the gateway passes every byte on, and PostgreSQL itself asks ---------------------------------------

admin() { psql -X -A -t -q -d "$NEON_TEST_PG_ADMIN_URL" -c "$1" 2>&1; }
expect "PostgreSQL keeps a SCRAM secret" "$(admin "select rolpassword from pg_authid where rolname = '$NEON_TEST_USER'")" \
    '^SCRAM-SHA-256\$'
session scram "ApiHost = $plain" 'AllowInsecure = 1' "LogFile = $dir/scram.log" 'LogLevel = 5'
expect "a login by SCRAM" "$(ask_session scram)" '\| 42 ' '!ERROR'
expect "the password is not in the log" "$(without_password "$dir/scram.log")" 'session' '!THE PASSWORD'
printf '\n[scram-wrong]\nDriver = Neon\nServer = %s\nUID = %s\nPWD = not-it\nDatabase = %s\nApiHost = %s\n%s\n' \
    "$NEON_TEST_SERVER" "$NEON_TEST_USER" "$NEON_TEST_DATABASE" "$plain" 'AllowInsecure = 1
Transport = websocket' >>"$ODBCINI"
expect "a wrong password is told from others" "$(ask_session scram-wrong)" '28P01|28000' 'password' '!\| 42 '
admin "create role unset_password login" >/dev/null
printf '\n[scram-none]\nDriver = Neon\nServer = %s\nUID = unset_password\nPWD = x\nDatabase = %s\nApiHost = %s\n%s\n' \
    "$NEON_TEST_SERVER" "$NEON_TEST_DATABASE" "$plain" 'AllowInsecure = 1
Transport = websocket' >>"$ODBCINI"
expect "a role without a password does not get in" "$(ask_session scram-none)" '28P01|28000' '!\| 42 '
admin "drop role unset_password" >/dev/null
admin "create role by_scram login password 'Pä ss, = €'; grant temporary on database $NEON_TEST_DATABASE to by_scram" >/dev/null
printf '\n[scram-letters]\nDriver = Neon\nServer = %s\nUID = by_scram\nPWD = Pä ss, = €\nDatabase = %s\nApiHost = %s\n%s\n' \
    "$NEON_TEST_SERVER" "$NEON_TEST_DATABASE" "$plain" 'AllowInsecure = 1
Transport = websocket' >>"$ODBCINI"
expect "a password of any letters" "$(ask_session scram-letters)" '\| 42 ' '!ERROR'
admin "revoke all on database $NEON_TEST_DATABASE from by_scram; drop role by_scram" >/dev/null

echo "1..$cases"
exit $((failures > 0))
