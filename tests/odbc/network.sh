#!/usr/bin/env bash
# The driver through an HTTP proxy (tinyproxy, with and without a login) and over HTTP/2 (nginx in front of the gateway), with
# isql. The answers come from PostgreSQL as always; what went over the network is read from the proxy's and nginx's logs.
# Prints TAP.
set -u
export LC_ALL=C.UTF-8
export PATH=$PATH:/usr/sbin:/usr/local/sbin
for program in isql tinyproxy nginx openssl curl; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
. "$(dirname "$0")/../network-lib.sh"

# ---- proxies -----------------------------------------------------------------------------------------------------------

start_proxies

dsn via-proxy "ApiHost = $NEON_TEST_GATEWAY_TLS_URL" "Proxy = http://127.0.0.1:$open_port"
expect "a proxy by keyword" "$(ask via-proxy)" '\| 42 ' '!ERROR'
expect "the proxy saw the CONNECT" "$(cat "$dir/open.log")" 'Request.*CONNECT (127\.0\.0\.1|localhost)'

dsn via-login "ApiHost = $NEON_TEST_GATEWAY_TLS_URL" "Proxy = http://127.0.0.1:$login_port" 'ProxyUID = surfer' \
    'ProxyPWD = s3cret-of-the-proxy' "LogFile = $dir/driver.log" 'LogLevel = 5'
expect "a proxy that wants a login" "$(ask via-login)" '\| 42 ' '!ERROR'
expect "the proxy's password is not in the log" "$(cat "$dir/driver.log")" 'POST' '!s3cret' '!c3VyZmVyOnMzY3JldC'

dsn no-login "ApiHost = $NEON_TEST_GATEWAY_TLS_URL" "Proxy = http://127.0.0.1:$login_port"
expect "without the login: 407, and what to give" "$(ask no-login)" '08001' 'ProxyUID' '407'

dsn refused "ApiHost = $NEON_TEST_GATEWAY_TLS_URL" "Proxy = http://127.0.0.1:$narrow_port"
expect "a proxy that does not pass the port on says so" "$(ask refused)" '08001' 'proxy refused' '403'

dsn dead "ApiHost = $NEON_TEST_GATEWAY_TLS_URL" 'Proxy = http://127.0.0.1:1'
expect "a proxy that is not there" "$(ask dead)" '08001' 'Proxy'

# (the proxy tells of a request before it answers it; that a connection is closed it tells when it has noticed)
dsn by-environment "ApiHost = $NEON_TEST_GATEWAY_TLS_URL"
: >"$dir/open.log"
expect "a proxy by the environment" "$(HTTPS_PROXY=http://127.0.0.1:$open_port ask by-environment)" '\| 42 ' '!ERROR'
expect "and it was used" "$(tr -d "\0" <"$dir/open.log")" 'Request.*CONNECT'
: >"$dir/open.log"
expect "NO_PROXY goes past it" \
    "$(HTTPS_PROXY=http://127.0.0.1:$open_port NO_PROXY=127.0.0.1,localhost ask by-environment)" '\| 42 ' '!ERROR'
expect "and it was not used" "$(tr -d "\0" <"$dir/open.log")" '!Request'
expect "the keyword wins over NO_PROXY" "$(NO_PROXY='*' ask via-proxy)" '\| 42 '
expect "and the proxy was used" "$(tr -d "\0" <"$dir/open.log")" 'Request.*CONNECT'

# ---- HTTP/2 ------------------------------------------------------------------------------------------------------------

nginx_port=$(free_port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null ||
    { echo "Bail out! openssl makes no certificate"; exit 1; }
mkdir "$dir/nginx"
cat >"$dir/nginx.conf" <<CONF
daemon off;
master_process off;
pid $dir/nginx.pid;
error_log $dir/nginx-error.log;
events { }
http {
    log_format version '\$server_protocol \$request_method \$status';
    access_log $dir/nginx-access.log version;
    client_body_temp_path $dir/nginx; proxy_temp_path $dir/nginx; fastcgi_temp_path $dir/nginx;
    uwsgi_temp_path $dir/nginx; scgi_temp_path $dir/nginx;
    client_max_body_size 20m;
    server {
        listen 127.0.0.1:$nginx_port ssl http2;
        ssl_certificate $dir/cert.pem; ssl_certificate_key $dir/key.pem;
        location /done { access_log off; return 204; }
        location / { proxy_pass $NEON_TEST_GATEWAY_URL; proxy_http_version 1.1; proxy_buffering off; }
    }
}
CONF
nginx -c "$dir/nginx.conf" -e "$dir/nginx-error.log" >/dev/null 2>&1 &
pids+=($!)
wait_for_port "$nginx_port"
# nginx writes a request's line after its answer, and does one thing after the other.
nginx_log() { curl -sk "https://localhost:$nginx_port/done"; cat "$dir/nginx-access.log"; }

ca=$dir/cert.pem
dsn h2 "ApiHost = https://localhost:$nginx_port"
dsn h1 "ApiHost = https://localhost:$nginx_port" 'HttpVersion = 1.1'
expect "HTTP/2 when the server offers it" "$(ask h2)" '\| 42 ' '!ERROR'
expect "and it was HTTP/2" "$(nginx_log)" 'HTTP/2\.0 POST 200' '!HTTP/1'
: >"$dir/nginx-access.log" # (nginx_log has waited for all that came before)
expect "HTTP/1.1 when asked" "$(ask h1)" '\| 42 ' '!ERROR'
expect "and it was HTTP/1.1" "$(nginx_log)" 'HTTP/1\.1 POST 200' '!HTTP/2'
expect "a large answer over HTTP/2" \
    "$(ask h2 "select g, repeat('x', 60) as t from generate_series(1, 60000) g" | tail -n 3)" '60000 rows fetched'
expect "an SQL error over HTTP/2" "$(ask h2 'select 1/0')" 'division by zero'
dsn h2-timeout "ApiHost = https://localhost:$nginx_port" 'QueryTimeout = 1'
expect "a timeout over HTTP/2, and the connection goes on" \
    "$(printf 'select pg_sleep(100)\nselect 40 + 2 as answer\n' | timeout 120 isql h2-timeout -v -b 2>&1)" 'T00' '\| 42 '

echo "1..$cases"
exit $((failures > 0))
