#!/usr/bin/env bash
# exports.sh: the library exports ODBC entry points and nothing else (-fvisibility=hidden and driver/api/neonodbc.exports).
# The setup library likewise, when it is built.
builddir=${NEON_TEST_BUILDDIR:-$PWD}
. "$(dirname "$0")/lib.sh"

check() # LIBRARY PATTERN ONE-THAT-MUST-BE-THERE
{
    local names
    names=$(nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $3); if ($3 != "") print $3 }' | sort -u) || exit 99
    while read -r name; do
        case $name in
        '' | _init | _fini | _edata | _end | __bss_start) ;;   # the linker's own, by version
        __asan_* | __ubsan_* | __tsan_* | __sanitizer_* | __odr_asan*) ;; # a sanitized build
        *) [[ $name =~ $2 ]] || complain "$(basename "$1") exports $name" ;;
        esac
    done <<<"$names"
    # What the library needs and nobody provides would fail only in the application, at dlopen or at the first call.
    while read -r name; do
        [ -z "$name" ] || complain "$(basename "$1") needs $name, which no library that it names provides"
    done < <(ldd -r "$1" 2>&1 | sed -n 's/.*undefined symbol: \([^[:space:]]*\).*/\1/p' | grep -vE '^__(asan|ubsan|tsan|lsan|sanitizer)' | sort -u)
    grep -qx "$3" <<<"$names" || complain "$(basename "$1") does not export $3"
}

command -v nm >/dev/null || { echo "nm is not installed"; exit 77; }
library=${NEON_TEST_DRIVER:-$builddir/.libs/libneonodbc.so}
[ -e "$library" ] || { echo "the driver's library is not built: $library"; exit 1; }
check "$library" '^(SQL[A-Z]|ConfigDSN|ConfigDriver|ODBCINST)' SQLConnectW
setup=$builddir/.libs/libneonodbcS.so
[ ! -e "$setup" ] || check "$setup" '^(ConfigDSN|ConfigDriver|ODBCINST)' ConfigDSN
finish "exported names"
