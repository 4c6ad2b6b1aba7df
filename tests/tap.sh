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
