#!/usr/bin/env bash
# deps.sh [--list] [SET...]: the packages that building, testing and the demo need, through the system's package manager.
# SETs: build (the driver), gateway, isql, server (a PostgreSQL), test (everything else of ./check), clients (the
# programs of tests/clients); demo means gateway isql server. Default: all.
# Installs what is missing, as root or with sudo, and says what; prints nothing when all is there. --list only prints.
# Nothing is ever downloaded any other way. Debian and Ubuntu; elsewhere it checks and names what to install by hand.
# NEON_SKIP_DEPS=1 makes it do nothing: for machines where the equivalents came by other means.
set -u
. "$(dirname "$0")/again.sh"

# set, packages ("a|b": the first that exists), and a probe that, when it succeeds, makes the package unnecessary.
table()
{
    cat <<'END'
build   gcc                                        command -v gcc
build   libc6-dev
build   make                                       command -v make
build   autoconf                                   command -v autoconf
build   automake                                   command -v automake
build   libtool
build   pkg-config|pkgconf                         command -v pkg-config
build   unixodbc-dev
build   libcurl4-openssl-dev|libcurl4-gnutls-dev   pkg-config --exists libcurl
build   libjson-c-dev                              pkg-config --exists json-c
build   libssl-dev                                 pkg-config --exists libcrypto
build   libwslay-dev
gateway libmicrohttpd-dev                          pkg-config --exists libmicrohttpd
gateway libgnutls28-dev                            pkg-config --exists gnutls
gateway libpq-dev                                  pkg-config --exists libpq
build   ca-certificates
isql    unixodbc                                   command -v isql
isql    odbcinst                                   command -v odbcinst
server  postgresql                                 ls /usr/lib/postgresql/*/bin/postgres
test    libcmocka-dev                              pkg-config --exists cmocka
test    odbc-postgresql
test    binutils                                   command -v nm
test    curl                                       command -v curl
test    openssl                                    command -v openssl
test    xz-utils                                   command -v xz
test    clang-14|clang
test    llvm-14|llvm
test    libclang-rt-14-dev|libclang-rt-dev
test    clang-format-14|clang-format
test    python3                                    command -v python3
test    python3-pytest                             python3 -c 'import pytest'
test    python3-venv                               python3 -c 'import venv, ensurepip'
test    locales                                    ls /usr/share/i18n/locales/de_DE
test    nginx-light|nginx                          command -v nginx || test -x /usr/sbin/nginx
test    tinyproxy-bin|tinyproxy                    command -v tinyproxy
test    nodejs                                     command -v node
test    npm                                        command -v npm
test    debhelper                                  command -v dh
test    lintian                                    command -v lintian
test    debootstrap                                command -v debootstrap
test    rpm                                        command -v rpmbuild
test    cpio                                       command -v cpio
clients python3-pyodbc                             python3 -c 'import pyodbc'
clients libdbd-odbc-perl                           perl -MDBD::ODBC -e 1
clients php-cli
clients php-odbc
clients r-cran-rodbc
clients python3-pyqt5.qtsql                        python3 -c 'import PyQt5.QtSql'
clients libqt5sql5-odbc
clients tcl8.6-tdbc-odbc
clients ruby-odbc
clients erlang-odbc
clients gdal-bin
clients libsoci-dev
clients libboost-dev
clients libpoco-dev
clients libnode-dev                                ls /usr/include/node/node_api.h
clients g++                                        command -v g++
clients libreoffice-base
clients libreoffice-calc
clients python3-uno                                python3 -c 'import uno'
clients iodbc                                      command -v iodbctest
clients mono-mcs                                   command -v mcs
clients libmono-system-data4.0-cil
clients cargo                                      command -v cargo
clients golang-go                                  command -v go
END
}

say() { printf 'deps: %s\n' "$*"; }

list=no
sets=
for arg in "$@"; do
    case $arg in
    --list) list=yes ;;
    build | gateway | isql | server | test | clients) sets="$sets $arg" ;;
    demo) sets="$sets gateway isql server" ;;
    *)
        say "usage: deps.sh [--list] [build|gateway|isql|server|demo|test|clients]..." >&2
        exit 2
        ;;
    esac
done
sets=${sets:-build gateway isql server test clients}
[ "${NEON_SKIP_DEPS:-}" != 1 ] || [ $list = yes ] || exit 0

wanted() { case " $sets " in *" $1 "*) ;; *) return 1 ;; esac; }
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
available() { apt-cache show --no-all-versions "$1" 2>/dev/null | grep -q '^Package:'; }

# The alternatives that are neither installed nor made unnecessary by their probe, one line each.
missing()
{
    local set names probe name there
    table | while read -r set names probe; do
        wanted "$set" || continue
        there=no
        for name in ${names//|/ }; do installed "$name" && there=yes; done
        if [ $there = no ] && [ -n "$probe" ]; then (eval "$probe") >/dev/null 2>&1 && there=yes; fi
        [ $there = yes ] || echo "$names"
    done
}

if [ $list = yes ]; then
    table | while read -r set names probe; do
        wanted "$set" && printf '%-8s %s\n' "$set" "${names//|/ or }"
    done
    exit 0
fi

lines=$(missing)
[ -n "$lines" ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    # Without dpkg only the probes can tell; header packages are left to configure, which names what it misses.
    say "this is not Debian or Ubuntu; if something below is not installed, install its equivalent:" $lines
    say "(continuing; NEON_SKIP_DEPS=1 silences this)"
    exit 0
fi

as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        say "missing:" ${lines//|/ or }
        say "they need root to be installed, and there is no sudo here; as root: apt-get install ..." >&2
        exit 1
    fi
    as_root=sudo
fi
# env: sudo drops the environment. A question would hang a machine without a terminal.
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null; }

choose() # prints one package a line: of alternatives the first that the lists know, else the first
{
    local names name first
    for names in $lines; do
        first=
        for name in ${names//|/ }; do
            if available "$name"; then
                first=$name
                break
            fi
        done
        echo "${first:-${names%%|*}}"
    done
}

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
install()
{
    local packages
    packages=$(choose)
    say "installing:" $packages
    apt install -y --no-install-recommends $packages >"$log" 2>&1
}
refresh()
{
    say "refreshing the package lists (apt-get update)"
    apt update >"$log" 2>&1 || { tail -n 5 "$log"; say "apt-get update had errors; trying to go on"; }
}

refreshed=no
for names in $lines; do
    known=no
    for name in ${names//|/ }; do available "$name" && known=yes; done
    # A machine without lists (a fresh container) knows nothing yet.
    if [ $known = no ] && [ $refreshed = no ]; then
        refresh
        refreshed=yes
    fi
done
renew() { refresh && install; }
# Most often the lists are old and name files that the mirror no longer has, or the mirror does not answer for a moment.
if ! install && ! again renew; then
    tail -n 25 "$log" >&2
    say "the installation failed, see above" >&2
    exit 1
fi
lines=$(missing)
if [ -n "$lines" ]; then
    say "still missing after the installation:" $lines >&2
    exit 1
fi
