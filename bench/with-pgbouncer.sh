#!/usr/bin/env bash
# with-pgbouncer.sh COMMAND...: runs the command beside a PgBouncer that stands before the services' PostgreSQL in session mode,
# without and with TLS on one port, exported as NEON_BENCH_PGBOUNCER_PORT. Called inside tests/with-services.sh by run-bench.
# PgBouncer is what psqlODBC meets at Neon's `-pooler` hosts. Where it is not installed the command runs without.
set -u
pgbouncer=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || { echo "PgBouncer is not installed: its figures are left out"; exec "$@"; }

dir=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
pid=
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/key.pem" -out "$dir/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
umask 077
cat >"$dir/pgbouncer.ini" <<INI
[databases]
$NEON_TEST_DATABASE = host=127.0.0.1 port=$NEON_TEST_PG_PORT user=$NEON_TEST_USER password='${NEON_TEST_PASSWORD//\'/\'\'}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = session
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = allow
client_tls_key_file = $dir/key.pem
client_tls_cert_file = $dir/cert.pem
logfile = $dir/log
INI
user=() # it does not run as root
if [ "$(id -u)" = 0 ]; then
    user=(-u nobody)
    chown -R nobody "$dir"
fi
"$pgbouncer" -q "${user[@]}" "$dir/pgbouncer.ini" &
pid=$!
for _ in $(seq 100); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$pid" 2>/dev/null || { cat "$dir/log"; exit 1; }
    sleep 0.05
done
NEON_BENCH_PGBOUNCER_PORT=$port "$@"
