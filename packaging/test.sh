#!/usr/bin/env bash
# test.sh: builds the Debian packages from the committed tree, checks them with lintian, installs them in a clean root made by
# debootstrap, and runs a query there against the gateway of tests/with-services.sh. Prints TAP; needs root; everything lies
# below build/packages.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
work=$top/build/packages
root=$work/root
skip() { echo "$*"; exit 77; }

[ "$(id -u)" = 0 ] || skip "installing in a clean root needs root"
for tool in dpkg-buildpackage lintian debootstrap; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done

version=$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)
upstream=${version%-*}
umount_all() { for dir in proc tmp/services; do mountpoint -q "$root/$dir" && umount "$root/$dir"; done; }
trap umount_all EXIT

umount_all
rm -rf "$work" && mkdir -p "$work"
source=$work/neon-odbc-$upstream
mkdir "$source"
(cd "$top" && git ls-files -z | tar c --null -T -) | tar x -C "$source"
tar cJf "$work/neon-odbc_$upstream.orig.tar.xz" -C "$work" --exclude=debian "neon-odbc-$upstream"
build=$(cd "$source" && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b 2>&1)
expect "the packages are built" "$(ls "$work"; tail -n 3 <<<"$build")" "odbc-neon_${version}_" "neon-odbc_${version}_" "neon-gateway_${version}_"
expect "lintian finds nothing" "$(lintian --allow-root --fail-on error,warning "$work"/*.changes 2>&1; echo "exit $?")" 'exit 0' '![EW]: '

mirror=$(grep -hoE '(https?|file)://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
made=$(debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"} 2>&1) ||
    { tail -n 5 <<<"$made"; skip "debootstrap could not make a clean root: $(tail -n 1 <<<"$made")"; }
cp /etc/resolv.conf "$root/etc/resolv.conf"
for dir in sources.list sources.list.d apt.conf.d; do
    [ ! -e "/etc/apt/$dir" ] || cp -R "/etc/apt/$dir" "$root/etc/apt/"
done
rm -f "$root"/etc/apt/sources.list.d/*node*
cp "$work"/*.deb "$root/tmp/"
rm -f "$root"/tmp/*dbgsym*
mount -t proc proc "$root/proc"
in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@" 2>&1; }
expect "they install in a clean root" "$(in_root sh -c 'apt-get update -qq && apt-get install -qq -y --no-install-recommends /tmp/*.deb unixodbc && echo installed')" '^installed$'
expect "the driver is registered" "$(in_root odbcinst -q -d -n Neon)" 'Driver=.*/odbc/libneonodbc.so' 'Setup='
encoded=$(python3 -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["NEON_TEST_PASSWORD"], safe=""))')
expect "two commands, and there are rows" \
    "$(in_root neon-odbc dsn add mydb "postgresql://app:$encoded@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1
       in_root neon-odbc query mydb 'select name from customers where id = 1')" 'is ready' 'Zoë Müller' '\(1 row\)'
expect "isql too" "$(in_root sh -c "echo 'select count(*) as n from customers' | isql -b mydb")" '\| 200 '
expect "the manual pages are there" "$(ls "$root/usr/share/man/man1" 2>/dev/null; dpkg -c "$work"/neon-odbc_*.deb)" 'man1/neon-odbc.1'
expect "removing unregisters" "$(in_root apt-get remove -qq -y odbc-neon neon-odbc >/dev/null; in_root odbcinst -q -d)" '!\[Neon\]'

# The rpm: built from the tarball as `rpmbuild -ta` does it, unpacked, registered and asked.
if command -v rpmbuild >/dev/null && command -v rpm2cpio >/dev/null; then
    make --no-print-directory -s -C "$NEON_TEST_BUILDDIR" dist >"$work/dist.log" 2>&1
    rpm=$(rpmbuild -tb --nodeps --define "_topdir $work/rpm" "$NEON_TEST_BUILDDIR/neon-odbc-$upstream.tar.xz" 2>&1)
    rm -f "$NEON_TEST_BUILDDIR/neon-odbc-$upstream.tar.xz"
    expect "the rpm packages are built" "$(find "$work/rpm/RPMS" -name '*.rpm'; tail -n 3 <<<"$rpm")" 'neon-odbc-[0-9.]+-1' 'neon-gateway-[0-9.]+-1'
    mkdir -p "$work/rpm/root" "$work/rpm/etc"
    (cd "$work/rpm/root" && for file in "$work"/rpm/RPMS/*/neon-odbc-[0-9]*.rpm; do rpm2cpio "$file" | cpio -idm --quiet; done)
    library=$(find "$work/rpm/root" -name libneonodbc.so)
    expect "what is in them works" \
        "$(export ODBCSYSINI=$work/rpm/etc HOME=$work/rpm ODBCINI=$work/rpm/odbc.ini PATH=$work/rpm/root/usr/bin:$PATH
           neon-odbc register "$library" 2>&1
           neon-odbc dsn add mydb "postgresql://app:$encoded@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 2>&1
           neon-odbc query mydb 'select name from customers where id = 1' 2>&1)" 'registered as' 'Zoë Müller' '\(1 row\)'
else
    echo "rpmbuild is not installed"
    echo "ok $((++cases)) - the rpm packages # SKIP"
fi
echo "1..$cases"
[ "$failures" = 0 ]
