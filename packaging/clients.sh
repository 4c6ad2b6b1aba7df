#!/usr/bin/env bash
# clients.sh: a new user's way in the clean root that test.sh has made, with nothing of ours but the installed packages: installs
# what the table of docs/clients.md names, runs every example of the documents to the letter, and the programs of tests/clients
# (LibreOffice too). Prints TAP; called by ./check packages behind test.sh.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
work=$top/build/packages
root=$work/root
skip() { echo "$*"; exit 77; }
[ -e "$root/tmp/query.py" ] || skip "packaging/test.sh has made no clean root"
. "$top/packaging/root.sh"
trap leave_root EXIT
enter_root

# Debian's packages stand in backticks in the second column; the registries' in words.
packages=$(sed -n 's/^| [^|]* | \(`[^|]*\) |.*/\1/p' "$top/docs/clients.md" | tr -d '`,' | tr '\n' ' ')
# Compilers and interpreters: what somebody who writes programs in these languages has.
tools='php-cli r-base-core python3-pyqt5.qtsql erlang-base python3-uno g++ make unixodbc-dev libboost-dev nodejs npm libnode-dev golang-go'
expect "the clients install as docs/clients.md says" \
    "$(again in_root sh -c "apt-get install -qq -y --no-install-recommends /tmp/odbc-neon_*.deb /tmp/odbc-neon-iodbc_*.deb /tmp/neon-odbc_*.deb $packages $tools >/tmp/install.log || { tail -n 5 /tmp/install.log; exit 1; }; odbcinst -q -d")" \
    '\[Neon\]' '\[Neon iODBC\]'

services=/tmp/services
rm -rf "$root/tmp/tree" "$root$services"
mkdir -p "$root/tmp/tree" "$root$services/tmp"
(cd "$top" && git ls-files -z docs README.md tests packaging python include | tar c --null -T -) | tar x -C "$root/tmp/tree"
cp "$ODBCINI" "$root$services/odbc.ini"

# The registries' clients, installed by the page's own commands where its examples look for them.
install_by_page() # NAME FOLDER WORDS-OF-THE-COMMAND FILE-THAT-IS-THERE-THEN
{
    mkdir -p "$root$services/tmp/$2"
    expect "$1 installs as docs/clients.md says" \
        "$(again in_root env npm_config_nodedir=/usr npm_config_cafile=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bash -c "cd $services/tmp/$2 && $(page_block "$top/docs/clients.md" "$3")"; ls -d "$root$services/tmp/$2"/$4)" "/$4\$"
}
encoded=$(python3 -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["NEON_TEST_PASSWORD"], safe=""))')
install_by_page "npm's odbc" client-npm_odbc 'npm install odbc' node_modules/odbc/lib/bindings
install_by_page "Go's odbc" client-go_odbc 'go get github.com' go.sum
touch "$root$services/tmp/client-go_odbc/client"

with_services() # COMMAND...: in the root, with the addresses of the services and no build of ours
{
    in_root env NEON_TEST_BUILDDIR=/nowhere NEON_TEST_DIR=$services NEON_TEST_SERVER="$NEON_TEST_SERVER" NEON_TEST_USER="$NEON_TEST_USER" \
        NEON_TEST_PASSWORD="$NEON_TEST_PASSWORD" NEON_TEST_DATABASE="$NEON_TEST_DATABASE" \
        NEON_TEST_GATEWAY_URL="$NEON_TEST_GATEWAY_URL" GOFLAGS=-mod=mod "$@"
}
take_over() # NAME: TAP of a program, as cases of ours
{
    local line ended=
    while IFS= read -r line; do
        case $line in
        'ok '*) echo "ok $((++cases)) - $1:${line#ok}" ;;
        'not ok '*) echo "not ok $((++cases)) - $1:${line#not ok}"; failures=$((failures + 1)) ;;
        1..*) ended=yes ;;
        *) echo "# $line" ;;
        esac
    done
    if [ -z "$ended" ]; then
        echo "not ok $((++cases)) - $1 runs to its end"
        failures=$((failures + 1))
    fi
}
# (Debian's compiler is older than what odbc-api wants; ./check clients runs that example.)
take_over examples < <(with_services NEON_EXAMPLES_WITHOUT=rust bash /tmp/tree/tests/docs/examples.sh)
for file in "$top"/tests/clients/*.sh; do
    name=$(basename "$file" .sh)
    case $name in
    npm_odbc | go_odbc | rust_odbc_api | transports) ;; # built and run by ./check clients
    *) take_over "$name" < <(with_services ODBCINI=$services/odbc.ini bash "/tmp/tree/tests/clients/$name.sh") ;;
    esac
done
echo "1..$cases"
[ "$failures" = 0 ]
