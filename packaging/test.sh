#!/usr/bin/env bash
# test.sh: builds the Debian packages and the Python wheel from the committed tree, checks them with lintian, installs them in a
# clean root made by debootstrap as docs/getting-started.md says, and runs queries there against the gateway of
# tests/with-services.sh: the tool, isql, iODBC, SQLAlchemy. Then the rpm. Prints TAP; needs root; everything lies below
# build/packages, and the root is left for clients.sh.
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
. "$top/packaging/root.sh"
trap leave_root EXIT

leave_root
rm -rf --one-file-system "$work" && mkdir -p "$work"
source=$work/neon-odbc-$upstream
mkdir "$source"
(cd "$top" && git ls-files -z | tar c --null -T -) | tar x -C "$source"
tar cJf "$work/neon-odbc_$upstream.orig.tar.xz" -C "$work" --exclude=debian "neon-odbc-$upstream"
build=$(cd "$source" && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b 2>&1)
expect "the packages are built" "$(ls "$work"; tail -n 3 <<<"$build")" "odbc-neon_${version}_" \
    "odbc-neon-iodbc_${version}_" "neon-odbc_${version}_" "neon-gateway_${version}_"
expect "lintian finds nothing" "$(lintian --allow-root --fail-on error,warning "$work"/*.changes 2>&1; echo "exit $?")" 'exit 0' '![EW]: '
expect "the pages have the names that their links say" "$(dpkg-deb -c "$work/odbc-neon_$version"_*.deb)" 'doc/odbc-neon/README\.md$' \
    'doc/odbc-neon/docs/types\.md$' '!\.md\.gz$'

rm -rf "$work/python" && cp -R "$source/python" "$work/python"
wheel=$(python3 -m venv "$work/wheel-venv" 2>&1 && again "$work/wheel-venv/bin/pip" wheel -q --no-deps --wheel-dir "$work" "$work/python" 2>&1)
expect "the wheel is built" "$(ls "$work"; tail -n 3 <<<"$wheel")" "sqlalchemy_neon_odbc-$upstream-py3-none-any.whl"

make_root || skip "$why"
cp "$work"/*.deb "$work"/*.whl "$root/tmp/"
rm -f "$root"/tmp/*dbgsym*
enter_root
# What docs/getting-started.md says, to the letter, by a user who is root already.
commands=$(sed -n '/^sudo apt install/p' "$top/docs/getting-started.md" | sed 's/^sudo apt /apt-get -qq -y --no-install-recommends /')
expect "they install in a clean root" "$(again in_root sh -c "apt-get update -qq && cd /tmp && $commands && echo installed")" '^installed$'
expect "the driver is registered" "$(in_root odbcinst -q -d -n Neon)" 'Driver=.*/odbc/libneonodbc.so' 'Setup='
encoded=$(python3 -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["NEON_TEST_PASSWORD"], safe=""))')
expect "two commands, and there are rows" \
    "$(in_root neon-odbc dsn add mydb "postgresql://app:$encoded@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1
       in_root neon-odbc query mydb 'select name from customers where id = 1')" 'is ready' 'Zoë Müller' '\(1 row\)'
expect "isql too" "$(in_root sh -c "echo 'select count(*) as n from customers' | isql -b mydb")" '\| 200 '
expect "the manual pages are there" "$(ls "$root/usr/share/man/man1" 2>/dev/null; dpkg -c "$work"/neon-odbc_*.deb)" 'man1/neon-odbc.1'

# iODBC: its own library, the page's commands.
commands=$(page_block "$top/docs/clients.md" 'Driver=Neon iODBC')
expect "the driver for iODBC" "$(again in_root sh -c 'apt-get install -qq -y --no-install-recommends /tmp/odbc-neon-iodbc_*.deb iodbc && echo installed')" '^installed$'
expect "it is registered" "$(in_root odbcinst -q -d -n 'Neon iODBC')" 'Driver=.*/odbc/libneonodbc-iodbc.so'
expect "iodbctest shows rows, as docs/clients.md says" "$(in_root bash -c "$commands")" 'is ready' 'Zoë Müller' '!SQLSTATE'
expect "iODBC's list of data sources has it" "$(in_root sh -c "printf '?\\nDSN=mydb-iodbc\\nquit\\n' | iodbctest")" 'mydb-iodbc +\| Neon iODBC'
expect "iodbctest: an error with its SQLSTATE" "$(in_root sh -c "echo 'select * from no_such_table' | iodbctest DSN=mydb-iodbc")" '42S02' 'no_such_table'
expect "unixODBC's programs go on" "$(in_root sh -c "echo 'select 40 + 2' | isql -b mydb")" '\| 42 '

# The wheel, in a virtual environment of the root.
expect "the wheel installs" "$(again in_root sh -c 'apt-get install -qq -y --no-install-recommends python3-venv >/dev/null && python3 -m venv /opt/venv &&
    /opt/venv/bin/pip install -q --disable-pip-version-check /tmp/sqlalchemy_neon_odbc-*.whl && echo installed')" '^installed$'
cat >"$root/tmp/query.py" <<'PYTHON'
import sys
from sqlalchemy import create_engine, inspect, text

engine = create_engine("neon://?dsn=mydb")
with engine.begin() as connection:
    connection.execute(text("create temp table seen (n integer)"))
    connection.execute(text("insert into seen values (:n)"), [{"n": n} for n in range(3)])
    print(connection.scalar(text("select sum(n) from seen")), connection.scalar(text("select name from customers where id = :id"), {"id": 1}))
print("customers" in inspect(engine).get_table_names())
PYTHON
expect "SQLAlchemy runs a transaction and reflects" "$(in_root /opt/venv/bin/python /tmp/query.py)" '^3 Zoë Müller$' '^True$'

expect "a second installation of the same packages" "$(in_root sh -c 'dpkg -i /tmp/odbc-neon_*.deb /tmp/odbc-neon-iodbc_*.deb /tmp/neon-odbc_*.deb >/dev/null && odbcinst -q -d')" \
    '\[Neon\]' '\[Neon iODBC\]'
expect "removing unregisters" "$(in_root apt-get remove -qq -y odbc-neon odbc-neon-iodbc neon-odbc >/dev/null; in_root odbcinst -q -d)" '!\[Neon'
expect "installing and purging, twice" "$(in_root sh -e -c 'for _ in 1 2; do
        dpkg -i /tmp/odbc-neon_*.deb /tmp/odbc-neon-iodbc_*.deb >/dev/null
        odbcinst -q -d -n Neon | grep -c libneonodbc.so
        dpkg --purge odbc-neon-iodbc odbc-neon >/dev/null
        if odbcinst -q -d | grep Neon; then exit 1; fi
    done; echo gone')" '^gone$' '!\[Neon'

# The rpm: built from the tarball as `rpmbuild -ta` does it, unpacked, registered and asked.
if command -v rpmbuild >/dev/null && command -v rpm2cpio >/dev/null; then
    make --no-print-directory -s -C "$NEON_TEST_BUILDDIR" dist >"$work/dist.log" 2>&1
    rpm=$(rpmbuild -tb --nodeps --define "_topdir $work/rpm" "$NEON_TEST_BUILDDIR/neon-odbc-$upstream.tar.xz" 2>&1)
    rm -f "$NEON_TEST_BUILDDIR/neon-odbc-$upstream.tar.xz"
    expect "the rpm packages are built" "$(find "$work/rpm/RPMS" -name '*.rpm'; tail -n 3 <<<"$rpm")" 'neon-odbc-[0-9.]+-1' 'neon-odbc-iodbc-[0-9.]+-1' 'neon-gateway-[0-9.]+-1'
    mkdir -p "$work/rpm/root" "$work/rpm/etc"
    (cd "$work/rpm/root" && for file in "$work"/rpm/RPMS/*/neon-odbc-[0-9]*.rpm; do rpm2cpio "$file" | cpio -idm --quiet; done)
    library=$(find "$work/rpm/root" -name libneonodbc.so)
    expect "what is in them works" \
        "$(export ODBCSYSINI=$work/rpm/etc HOME=$work/rpm ODBCINI=$work/rpm/odbc.ini PATH=$work/rpm/root/usr/bin:$PATH
           neon-odbc register "$library" 2>&1
           neon-odbc dsn add mydb "postgresql://app:$encoded@$NEON_TEST_SERVER/shop" "ApiHost=$NEON_TEST_GATEWAY_URL" AllowInsecure=1 2>&1
           neon-odbc query mydb 'select name from customers where id = 1' 2>&1)" 'registered as' 'Zoë Müller' '\(1 row\)'
    (cd "$work/rpm/root" && for file in "$work"/rpm/RPMS/*/neon-odbc-iodbc-[0-9]*.rpm; do rpm2cpio "$file" | cpio -idm --quiet; done)
    library=$(find "$work/rpm/root" -name libneonodbc-iodbc.so)
    printf '[mydb]\nDriver = %s\nUrl = postgresql://app:%s@%s/shop\nApiHost = %s\nAllowInsecure = 1\n' "$library" "$encoded" \
        "$NEON_TEST_SERVER" "$NEON_TEST_GATEWAY_URL" >"$work/rpm/iodbc.ini"
    command -v iodbctest >/dev/null &&
        expect "iODBC's library too" "$(echo 'select name from customers where id = 1' | ODBCINI=$work/rpm/iodbc.ini iodbctest DSN=mydb 2>&1)" 'Zoë Müller'
else
    echo "rpmbuild is not installed"
    echo "ok $((++cases)) - the rpm packages # SKIP"
fi
echo "1..$cases"
[ "$failures" = 0 ]
