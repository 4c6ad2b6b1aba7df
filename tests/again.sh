# again.sh: what a download is run with, because a registry or a mirror that does not answer once is no defect of ours. Sourced,
# not run. Only downloads are tried again, never a test.

# again COMMAND...: runs it until it succeeds, four times at most, with 5, 15 and 45 seconds between; its last exit code.
again()
{
    local pause status
    for pause in 5 15 45 ''; do
        "$@"
        status=$?
        [ $status != 0 ] && [ -n "$pause" ] || return $status
        echo "a download failed (exit code $status: $*); once more in $pause seconds" >&2
        sleep "$pause"
    done
}
