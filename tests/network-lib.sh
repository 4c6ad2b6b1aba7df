# network-lib.sh: a folder of its own, proxies, ports and data sources for the scripts of tests/odbc that look at the network.
# Sourced, not run, after the checks for programs; sets $dir and pids, ends what is in pids, and brings tap.sh along.
unset http_proxy https_proxy HTTPS_PROXY HTTP_PROXY ALL_PROXY all_proxy NO_PROXY no_proxy
dir=$NEON_TEST_DIR/tmp/$(basename "$0" .sh).$$
mkdir -p "$dir" || exit 99
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

# A private registration: the DSNs of the services, and ours behind them. Secrets stay in this file.
export ODBCINI=$dir/odbc.ini
umask 077
cp "$NEON_TEST_DIR/odbc/odbc.ini" "$ODBCINI"
dsn() # NAME KEYWORD=VALUE...
{
    local name=$1
    shift
    printf '\n[%s]\nDriver = Neon\nServer = %s\nUID = %s\nPWD = %s\nDatabase = %s\nCAFile = %s\nRetryCount = 0\n' "$name" \
        "$NEON_TEST_SERVER" "$NEON_TEST_USER" "$NEON_TEST_PASSWORD" "$NEON_TEST_DATABASE" "${ca:-$NEON_TEST_CA}" >>"$ODBCINI"
    printf '%s\n' "$@" >>"$ODBCINI"
}
ask() { printf '%s\n' "${2:-select 40 + 2 as answer}" | timeout 120 isql "$1" -v -b 2>&1; }

start_tinyproxy() # NAME [CONFIGURATION LINE...]; sets $port
{
    local name=$1
    shift
    port=$(free_port)
    {
        printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nLogFile "%s"\nLogLevel Connect\nMaxClients 20\nDisableViaHeader Yes\n' \
            "$port" "$dir/$name.log"
        printf '%s\n' "$@"
    } >"$dir/$name.conf"
    tinyproxy -d -c "$dir/$name.conf" >/dev/null 2>&1 &
    pids+=($!)
    wait_for_port "$port"
}
# What the scripts ask proxies for: one for everybody, one with a login, one that passes on nothing but port 443.
start_proxies() # sets $open_port, $login_port, $narrow_port
{
    start_tinyproxy open
    open_port=$port
    start_tinyproxy login 'BasicAuth surfer s3cret-of-the-proxy'
    login_port=$port
    start_tinyproxy narrow 'ConnectPort 443'
    narrow_port=$port
}
