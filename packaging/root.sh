# root.sh: a clean root below build/packages, made by debootstrap, for test.sh and clients.sh. Sourced by them, with $top, $work
# and $root set; it shares the machine's network, so the services of tests/with-services.sh answer inside, on loopback.
. "$top/tests/again.sh"

# make_root: false with $why when debootstrap cannot.
make_root()
{
    local mirror suite made dir
    mirror=$(grep -hoE '(https?|file)://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    bootstrap()
    {
        rm -rf --one-file-system "$root"
        debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"} >"$work/debootstrap.log" 2>&1
    }
    again bootstrap || {
        made=$(tail -n 5 "$work/debootstrap.log")
        echo "$made"
        why="debootstrap could not make a clean root: $(tail -n 1 <<<"$made")"
        return 1
    }
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    rm -f "$root/etc/apt/sources.list"
    for dir in sources.list sources.list.d apt.conf.d; do
        [ ! -e "/etc/apt/$dir" ] || cp -R "/etc/apt/$dir" "$root/etc/apt/"
    done
    rm -f "$root"/etc/apt/sources.list.d/*node*
    # How this machine reaches the registries of Python and npm, and whom it trusts.
    for dir in /etc/pip.conf /etc/npmrc /etc/ssl/certs/ca-certificates.crt; do [ ! -e "$dir" ] || cp "$dir" "$root$dir"; done
    # The root is thrown away: what is unpacked need not reach the disk at once.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fast"
    echo 'Acquire::Retries "3";' >"$root/etc/apt/apt.conf.d/99retries"
}

enter_root() { mount -t proc proc "$root/proc"; }
# (a process that just ends may still look at it)
leave_root() { ! mountpoint -q "$root/proc" || umount "$root/proc" || umount --lazy "$root/proc"; }

# in_root COMMAND...: with nothing of our environment but how packages are reached.
in_root()
{
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${GOPROXY:+GOPROXY="$GOPROXY"} ${GOFLAGS:+GOFLAGS="$GOFLAGS"} ${GONOSUMDB:+GONOSUMDB="$GONOSUMDB"} ${GOSUMDB:+GOSUMDB="$GOSUMDB"} \
        ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} ${http_proxy:+http_proxy="$http_proxy"} \
        ${https_proxy:+https_proxy="$https_proxy"} chroot "$root" "$@" 2>&1
}

# page_block PAGE WORDS: the example of a page that has these words, with the services' address in it.
page_block()
{
    python3 - "$1" "$2" "postgresql://app:$encoded@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL AllowInsecure=1" <<'PYTHON'
import re
import sys

page, words, url, api = sys.argv[1:]
block = next(b for b in re.findall(r"```sh\n(.*?)```", open(page).read(), re.S) if words in b)
block = block.replace("postgresql://user:password@ep-….aws.neon.tech/db", url)
print(re.sub(r"(?m)^(neon-odbc dsn add .*)$", lambda m: f"{m.group(1)} {api}", block))
PYTHON
}
