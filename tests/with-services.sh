#!/usr/bin/env bash
# with-services.sh COMMAND [ARGUMENT...]
# Runs COMMAND beside a private PostgreSQL, two neon-gateways (http and https) and a private ODBC registration, all in
# one temporary folder, and ends and removes everything when COMMAND ends or a signal arrives. Returns COMMAND's exit code.
# Several can run side by side; nothing outside the folder is touched. As root, PostgreSQL runs as user postgres.
#
# It does not build anything and does not install anything (tests/deps.sh does).
#
# Reads:   NEON_BUILDDIR  the build to use (default: the current folder if it is one, else the source tree)
#          NEON_GATEWAY   the gateway's program (default $NEON_BUILDDIR/gateway/neon-gateway; "none" for no gateway)
#          NEON_DRIVER    the driver's library (default $NEON_BUILDDIR/.libs/libneonodbc.so)
#          NEON_GATEWAY_ARGS  more arguments for both gateways;  NEON_KEEP_LOGS  a folder that the logs are copied to
#          PG_BINDIR      where PostgreSQL's programs are (default: the newest that is installed)
# Exports: NEON_TEST_DIR  the folder (COMMAND may write below $NEON_TEST_DIR/tmp)
#          NEON_TEST_PG_HOST NEON_TEST_PG_PORT NEON_TEST_PG_SOCKET  the PostgreSQL
#          NEON_TEST_PG_ADMIN_URL  superuser on database postgres;  NEON_TEST_PG_URL  the owner of database shop
#          NEON_TEST_SERVER NEON_TEST_USER NEON_TEST_PASSWORD NEON_TEST_DATABASE  the same login, in pieces, for the driver
#          NEON_TEST_READER_PASSWORD  of role reader, which may connect and owns nothing
#          NEON_TEST_LOCALES  an empty folder that the PostgreSQL looks for locales in, besides the system's
#          NEON_TEST_GATEWAY_URL NEON_TEST_GATEWAY_TLS_URL NEON_TEST_CA  the gateways; empty without
#          NEON_TEST_SRCDIR NEON_TEST_BUILDDIR NEON_TEST_DRIVER  the tree, the build, the library
#          ODBCSYSINI ODBCINI  DSNs: neon (http gateway), neon-tls (https gateway), pg (psqlODBC, when installed)
set -u -o pipefail

say() { printf 'with-services: %s\n' "$*" >&2; }
die() { say "$*"; exit 99; }

[ $# -gt 0 ] || die "usage: with-services.sh COMMAND [ARGUMENT...]"
srcdir=$(cd "$(dirname "$0")/.." && pwd -P) || exit 99
if [ -z "${NEON_BUILDDIR:-}" ]; then
    NEON_BUILDDIR=$srcdir
    if [ -f ./config.status ] && [ -f ./libtool ]; then NEON_BUILDDIR=$PWD; fi
fi
builddir=$(cd "$NEON_BUILDDIR" && pwd -P) || die "no such build: $NEON_BUILDDIR"
gateway=${NEON_GATEWAY:-$builddir/gateway/neon-gateway}
driver=${NEON_DRIVER:-$builddir/.libs/libneonodbc.so}

if [ "$gateway" != none ] && [ ! -x "$gateway" ]; then
    die "neon-gateway is not built ($gateway): run make, or set NEON_GATEWAY (none: without)"
fi
dir= pg_pid= child=
declare -a gateway_pids=()

# --- ending everything ------------------------------------------------------------------------------------------------

# Ends one of our processes by its id: asks, waits up to ten seconds, then insists.
end_pid() # PID SIGNAL
{
    local i
    kill -s "$2" "$1" 2>/dev/null || return 0
    for i in $(seq 200); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -s KILL "$1" 2>/dev/null
}

# A sanitized gateway reports into its log, at the latest when it ends: nobody else would see it.
sanitizer_reports()
{
    grep -lE '(Address|Leak|Thread|Memory)Sanitizer|runtime error:' "$dir"/gateway*.log 2>/dev/null
}

cleanup()
{
    local status=$? pid log
    trap '' INT TERM HUP
    trap - EXIT
    [ -z "$child" ] || end_pid "$child" TERM
    for pid in ${gateway_pids[@]+"${gateway_pids[@]}"}; do end_pid "$pid" TERM; done
    # The data is thrown away: an immediate shutdown is right, and fast. It also ends the backends.
    [ -z "$pg_pid" ] || end_pid "$pg_pid" QUIT
    wait 2>/dev/null
    if [ -n "$dir" ]; then
        for log in $(sanitizer_reports); do
            say "a sanitizer reports from $(basename "$log" .log):"
            grep -vE '^neon-gateway: serving' "$log" | head -n 200 >&2
            [ "$status" != 0 ] || status=98
        done
        if [ -n "${NEON_KEEP_LOGS:-}" ] && mkdir -p "$NEON_KEEP_LOGS"; then
            cp "$dir"/*.log "$dir"/pg/*.log "$NEON_KEEP_LOGS"/ 2>/dev/null
        fi
        rm -rf "$dir"
    fi
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the folder -------------------------------------------------------------------------------------------------------

# A socket's path is limited to 107 bytes: a deep TMPDIR would not do.
base=${TMPDIR:-/tmp}
[ ${#base} -le 60 ] && [ -d "$base" ] && [ -w "$base" ] || base=/tmp
dir=$(mktemp -d "$base/neon-test.XXXXXX") || die "no temporary folder below $base"
umask 077
mkdir "$dir/pg" "$dir/odbc" "$dir/tmp" "$dir/secret"
mkdir -m 0755 "$dir/locales"

# Without this the services would outlive us when somebody sends SIGKILL; setpriv is in Debian's util-linux.
declare -a with_us=() as_pg=()
if command -v setpriv >/dev/null && setpriv --pdeathsig TERM true 2>/dev/null; then
    with_us=(setpriv --pdeathsig TERM)
fi
if [ "$(id -u)" = 0 ]; then
    pg_user=$(id -un postgres 2>/dev/null) ||
        die "PostgreSQL refuses to run as root and there is no user 'postgres' here: install postgresql, or run as a user"
    chmod 0711 "$dir" # user postgres may pass through, nobody may look around
    chown "$pg_user" "$dir/pg"
    if [ ${#with_us[@]} -gt 0 ]; then
        as_pg=(setpriv --reuid "$pg_user" --regid "$(id -g postgres)" --init-groups --pdeathsig INT)
    else
        as_pg=(runuser -u "$pg_user" --)
    fi
elif [ ${#with_us[@]} -gt 0 ]; then
    as_pg=(setpriv --pdeathsig INT)
fi
run_as_pg() { (cd / && exec ${as_pg[@]+"${as_pg[@]}"} "$@"); }

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
url_encode()
{
    local s=$1 out= c i LC_ALL=C
    for ((i = 0; i < ${#s}; i++)); do
        c=${s:i:1}
        case $c in
        [a-zA-Z0-9._~-]) out+=$c ;;
        *) out+=$(printf '%%%02X' "'$c") ;;
        esac
    done
    printf '%s' "$out"
}

# --- PostgreSQL -------------------------------------------------------------------------------------------------------

# Programs that a distribution keeps outside PATH, newest version first.
find_pg_bin()
{
    local d
    for d in ${PG_BINDIR:+"$PG_BINDIR"} $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) \
        "$(pg_config --bindir 2>/dev/null)" "$(dirname "$(command -v postgres || echo /nowhere/x)")"; do
        if [ -x "$d/initdb" ] && [ -x "$d/postgres" ]; then
            echo "$d"
            return
        fi
    done
    return 1
}
pg_bin=$(find_pg_bin) || die "PostgreSQL's server programs are not here: run tests/deps.sh, or set PG_BINDIR"
psql=$pg_bin/psql
[ -x "$psql" ] || psql=$(command -v psql) || die "psql is not here: run tests/deps.sh"
pg_isready=$pg_bin/pg_isready # some packages hold the server alone
[ -x "$pg_isready" ] || pg_isready=$(command -v pg_isready) || die "pg_isready is not here: run tests/deps.sh"

admin_password=$(random_hex 16)
app_password='s@crt%:/?#[] {};=x' # every character that has a meaning somewhere on its way
reader_password=$(random_hex 8)
printf '%s\n' "$admin_password" >"$dir/pg/password"
# A pgpass line escapes : and \ in the password.
printf '*:*:*:postgres:%s\n*:*:*:app:%s\n' "$admin_password" "${app_password//:/\\:}" >"$dir/secret/pgpass"
[ "$(id -u)" != 0 ] || chown "$pg_user" "$dir/pg/password"

locale=C.UTF-8
locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$' || locale=C
run_as_pg "$pg_bin/initdb" -D "$dir/pg/data" -U postgres --pwfile="$dir/pg/password" -A scram-sha-256 \
    -E UTF8 --locale="$locale" --no-sync --no-instructions >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; die "initdb failed"; }
rm -f "$dir/pg/password"

# Nobody can reserve a port for somebody else: take a random one and let PostgreSQL say whether it is free.
start_postgres()
{
    local try i
    for try in $(seq 20); do
        pg_port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (
            export LOCPATH=$dir/locales
            cd / && exec ${as_pg[@]+"${as_pg[@]}"} "$pg_bin/postgres" -D "$dir/pg/data" -p "$pg_port" \
                -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir/pg" -c fsync=off -c full_page_writes=off \
                -c synchronous_commit=off -c max_connections=200 -c shared_buffers=32MB -c max_wal_size=256MB \
                -c max_prepared_transactions=8 -c log_min_messages=warning -c "log_line_prefix=%m [%p] %u@%d " \
                -c timezone=UTC -c log_timezone=UTC
        ) >"$dir/postgres.log" 2>&1 </dev/null &
        pg_pid=$!
        for i in $(seq 2400); do # two minutes, for a busy machine
            if [ -S "$dir/pg/.s.PGSQL.$pg_port" ] && "$pg_isready" -q -h "$dir/pg" -p "$pg_port"; then
                # With runuser our child is runuser: signals go to the postmaster itself.
                pg_pid=$(head -n1 "$dir/pg/data/postmaster.pid" 2>/dev/null || echo "$pg_pid")
                return 0
            fi
            kill -0 "$pg_pid" 2>/dev/null || break
            sleep 0.05
        done
        if kill -0 "$pg_pid" 2>/dev/null; then return 1; fi
        pg_pid=
        grep -qi 'address already in use\|could not bind' "$dir/postgres.log" || return 1
    done
    return 1
}
start_postgres || { cat "$dir/postgres.log" >&2; die "PostgreSQL did not start"; }

cat >"$dir/secret/roles.sql" <<SQL
create role app login password '$app_password';
create role reader login password '$reader_password';
create database shop owner app;
revoke temporary on database shop from public;
grant temporary on database shop to app;
\\connect shop
alter schema public owner to app;
\\connect shop app
\\i '$srcdir/tests/data/shop.sql'
SQL
PGPASSFILE=$dir/secret/pgpass "$psql" -X -q -v ON_ERROR_STOP=1 -h "$dir/pg" -p "$pg_port" -U postgres -d postgres \
    -o /dev/null -f "$dir/secret/roles.sql" || die "the sample data could not be loaded"
rm -f "$dir/secret/roles.sql"

admin_url="postgresql://postgres:$admin_password@127.0.0.1:$pg_port/postgres"
app_url="postgresql://app:$(url_encode "$app_password")@127.0.0.1:$pg_port/shop"

# --- the gateways -----------------------------------------------------------------------------------------------------

# start_gateway NAME ARGUMENT...: starts one in the background; its port is in $dir/NAME.port when it listens.
start_gateway()
{
    local name=$1
    shift
    ${with_us[@]+"${with_us[@]}"} "$gateway" --pg-file "$dir/secret/pg-url" --listen 127.0.0.1:0 \
        --port-file "$dir/$name.port" --control ${NEON_GATEWAY_ARGS:-} "$@" >"$dir/$name.log" 2>&1 </dev/null &
    gateway_pids+=($!)
}
wait_for_gateway() # NAME PID -> gateway_port
{
    local i
    for i in $(seq 2400); do
        if [ -s "$dir/$1.port" ]; then
            gateway_port=$(tr -dc 0-9 <"$dir/$1.port")
            [ -z "$gateway_port" ] || return 0
        fi
        if ! kill -0 "$2" 2>/dev/null; then break; fi
        sleep 0.05
    done
    cat "$dir/$1.log" >&2
    die "the gateway ($1) did not start: $gateway"
}

url= tls_url= ca=
if [ "$gateway" != none ]; then
    printf '%s\n' "$admin_url" >"$dir/secret/pg-url"
    start_gateway gateway
    start_gateway gateway-tls --tls --tls-cert-out "$dir/ca.pem"
    wait_for_gateway gateway "${gateway_pids[0]}"
    url=http://127.0.0.1:$gateway_port
    wait_for_gateway gateway-tls "${gateway_pids[1]}"
    tls_url=https://127.0.0.1:$gateway_port
    ca=$dir/ca.pem
fi

# --- ODBC -------------------------------------------------------------------------------------------------------------

server=ep-test-1.local.neon.test
# Threading=0: the driver is thread-safe, the manager must not put its own lock around it. No pooling: tests count requests.
cat >"$dir/odbc/odbcinst.ini" <<INI
[ODBC]
Pooling = No

[Neon]
Description = Neon serverless Postgres over HTTPS (test build)
Driver      = $driver
Setup       = $(dirname "$driver")/libneonodbcS.so
Threading   = 0
DontDLClose = 1
INI
pg_driver=
for d in /usr/lib/*/odbc /usr/lib/odbc /usr/lib64 /usr/lib/*/psqlodbc; do
    [ -z "$pg_driver" ] && [ -f "$d/psqlodbcw.so" ] && pg_driver=$d/psqlodbcw.so
done
cat >"$dir/odbc/odbc.ini" <<INI
[neon]
Driver        = Neon
ApiHost       = $url
AllowInsecure = 1
Server        = $server
Database      = shop
UID           = app
PWD           = $app_password

[neon-tls]
Driver        = Neon
ApiHost       = $tls_url
CAFile        = $ca
Server        = $server
Database      = shop
UID           = app
PWD           = $app_password
INI
if [ -n "$pg_driver" ]; then
    printf '\n[PostgreSQL]\nDescription = psqlODBC, to compare with\nDriver      = %s\nThreading   = 0\n' "$pg_driver" \
        >>"$dir/odbc/odbcinst.ini"
    cat >>"$dir/odbc/odbc.ini" <<INI

[pg]
Driver     = PostgreSQL
Servername = 127.0.0.1
Port       = $pg_port
Database   = shop
Username   = app
UserName   = app
Password   = $(url_encode "$app_password")
SSLmode    = disable
INI
fi
chmod 0600 "$dir"/odbc/*.ini

# --- the command ------------------------------------------------------------------------------------------------------

export NEON_TEST_DIR=$dir
export NEON_TEST_PG_HOST=127.0.0.1 NEON_TEST_PG_PORT=$pg_port NEON_TEST_PG_SOCKET=$dir/pg
export NEON_TEST_PG_ADMIN_URL=$admin_url NEON_TEST_PG_URL=$app_url
export NEON_TEST_SERVER=$server NEON_TEST_USER=app NEON_TEST_PASSWORD=$app_password NEON_TEST_DATABASE=shop
export NEON_TEST_READER_PASSWORD=$reader_password NEON_TEST_LOCALES=$dir/locales
export NEON_TEST_GATEWAY_URL=$url NEON_TEST_GATEWAY_TLS_URL=$tls_url NEON_TEST_CA=$ca
export NEON_TEST_SRCDIR=$srcdir NEON_TEST_BUILDDIR=$builddir NEON_TEST_DRIVER=$driver
export ODBCSYSINI=$dir/odbc ODBCINI=$dir/odbc/odbc.ini
# A proxy of the machine has no business between the tests and loopback, and settings for libpq none in the tests.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY PGPASSFILE PGPASSWORD PGUSER PGHOST PGPORT PGDATABASE
umask 022

# In the background, so that a signal is acted on at once; but with our stdin, and with Ctrl-C not ignored.
declare -a keep_signals=()
if env --default-signal=INT true 2>/dev/null; then keep_signals=(env --default-signal=INT --default-signal=QUIT); fi
${keep_signals[@]+"${keep_signals[@]}"} "$@" <&0 &
child=$!
wait "$child"
status=$?
child=
exit "$status"
