# common.sh: what the scripts of tests/clients share. Sourced, not run.
#
# Every client gets the same tasks, as far as it can do them: connect, create a table, insert with parameters (text of
# several scripts, NULL, numbers, dates, bytes), read it back with the types checked, commit and roll back, list tables,
# columns and keys, and meet an error with its SQLSTATE. They print TAP. Each works with a table of its own, client_NAME.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/../../again.sh"
export LC_ALL=C.UTF-8 LANG=C.UTF-8 CLIENT_DSN=${CLIENT_DSN:-neon}
scratch=$NEON_TEST_DIR/tmp/client-$(basename "$0" .sh)
mkdir -p "$scratch"

skip() { echo "$*"; exit 77; }
need() { command -v "$1" >/dev/null || skip "$1 is not installed: tests/deps.sh clients"; }
# The Python that has a module: Debian's packages are for Debian's Python, which need not be the first in PATH.
python_with()
{
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $1" 2>/dev/null && { echo "$python"; return; }
    done
    return 1
}

# fetch LOG COMMAND...: downloads what a client is built from. A registry that cannot be reached, also later on, skips the
# client; anything else that goes wrong is a failure.
fetch()
{
    local log=$1
    shift
    fetch_once() { "$@" >"$log" 2>&1; }
    again fetch_once "$@" && return
    tail -n 20 "$log"
    if grep -qiE 'ENOTFOUND|ECONN(REFUSED|RESET)|EAI_AGAIN|E(SOCKET)?TIMEDOUT|ENOTCACHED|E50[0-9]|network|timed? ?out|dial tcp|no such host|connection (refused|reset)|could not (resolve|connect)|unexpected eof|status code: 5|HTTP (error )?5|: 5[0-9][0-9] ' "$log"; then
        skip "the package registry cannot be reached"
    fi
    exit 1
}

# data_source KEY=VALUE...: from here on CLIENT_DSN is a data source of our own, like neon but with these keywords (and with
# the transport that tests/clients/transports.sh asks for).
neon_ini=$ODBCINI
data_source()
{
    {
        cat "$neon_ini"
        printf '\n[client]\n'
        sed -n '/^\[neon\]/,/^$/{/^\[/d;p}' "$neon_ini" | sed '/^$/d'
        printf '%s\n' "$@" ${CLIENT_TRANSPORT:+"Transport=$CLIENT_TRANSPORT"}
    } >"$scratch/odbc.ini"
    chmod 0600 "$scratch/odbc.ini"
    export ODBCINI=$scratch/odbc.ini CLIENT_DSN=client
}
[ -z "${CLIENT_TRANSPORT:-}" ] || data_source
