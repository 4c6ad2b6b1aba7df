# tap.sh: what the scripts of tests/odbc share. Sourced, not run.
cases=0 failures=0

# expect NAME ANSWER PATTERN...: every pattern (grep -E) is in the answer; a pattern that starts with ! is not.
expect()
{
    local name=$1 answer=$2 pattern bad=
    shift 2
    for pattern in "$@"; do
        case $pattern in
        !*) ! grep -aqE -- "${pattern#!}" <<<"$answer" || bad="unwanted: ${pattern#!}" ;;
        *) grep -aqE -- "$pattern" <<<"$answer" || bad="missing: $pattern" ;;
        esac
        [ -z "$bad" ] || break
    done
    cases=$((cases + 1))
    if [ -z "$bad" ]; then
        echo "ok $cases - $name"
    else
        failures=$((failures + 1))
        echo "not ok $cases - $name"
        { echo "$bad"; printf '%s\n' "$answer"; } | sed 's/^/# /'
    fi
}

# free_port: one that nobody listens on, and that the system gives to nobody who does not ask for it.
free_port()
{
    python3 - <<'PYTHON'
import random
import socket

while True:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", random.randrange(10000, 20000)))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PYTHON
}

# What was started in the background answers after a while; what does not in a minute never will.
wait_until() # COMMAND...
{
    local end=$((SECONDS + 60))
    until "$@" 2>/dev/null; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
wait_for_port() # PORT
{
    reach() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
    wait_until reach "$1" || { echo "Bail out! nothing listens on port $1"; exit 1; }
}
wait_for_file() # FILE: one that a program writes when it is ready
{
    wait_until test -s "$1" || { tail -n 20 "${1%.*}.log" 2>/dev/null; echo "Bail out! $1 was not written"; exit 1; }
}
