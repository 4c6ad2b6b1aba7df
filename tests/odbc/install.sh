#!/usr/bin/env bash
# make install registers the driver (odbcinst), make uninstall takes it out again and leaves nothing behind; a staged
# install (DESTDIR) registers nothing. All of it below the private folder of tests/with-services.sh.
set -u
command -v odbcinst >/dev/null || { echo "odbcinst is not installed"; exit 77; }
grep -q 'REGISTER_TRUE.*=.*#' "$NEON_TEST_BUILDDIR/config.log" && { echo "configured with --disable-register"; exit 77; }
base=$NEON_TEST_DIR/tmp/install.$$
mkdir -p "$base/etc"
export ODBCSYSINI=$base/etc
unset ODBCINI ODBCINSTINI MAKEFLAGS MFLAGS MAKELEVEL NEON_TESTS
trap 'rm -rf "$base"' EXIT
die() { echo "$*"; exit 1; }
make_it() { make --no-print-directory -C "$NEON_TEST_BUILDDIR" "$@" >"$base/log" 2>&1 || { cat "$base/log"; die "make $* failed"; }; }
files() { find "$1" -type f -o -type l; }

make_it install prefix="$base/prefix"
grep -q '^\[Neon\]' "$base/etc/odbcinst.ini" || die "not registered: $(cat "$base/etc/odbcinst.ini" 2>&1)"
driver=$(odbcinst -q -d -n Neon | sed -n 's/^Driver *= *//p')
[ "$driver" = "$base/prefix/lib/libneonodbc.so" ] || die "registered as '$driver'"
[ -e "$driver" ] || die "$driver was not installed"
[ -x "$base/prefix/bin/neon-gateway" ] || ! grep -q 'GATEWAY_TRUE.*=.$' "$NEON_TEST_BUILDDIR/config.log" ||
    die "neon-gateway was not installed"

make_it uninstall prefix="$base/prefix"
[ -z "$(files "$base/prefix")" ] || die "left behind: $(files "$base/prefix")"
! grep -q '^\[Neon\]' "$base/etc/odbcinst.ini" || die "still registered after make uninstall"

rm -f "$base/etc/odbcinst.ini"
make_it install DESTDIR="$base/stage" prefix=/opt/neon
[ -e "$base/stage/opt/neon/lib/libneonodbc.so" ] || die "the staged library is missing"
grep -qx 'Driver *= */opt/neon/lib/libneonodbc.so' "$base/stage/opt/neon/share/neon-odbc/odbcinst.ini" ||
    die "the template names another driver: $(cat "$base/stage/opt/neon/share/neon-odbc/odbcinst.ini")"
[ ! -e "$base/etc/odbcinst.ini" ] || die "a staged install registered the driver"
