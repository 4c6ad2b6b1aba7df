#!/usr/bin/env bash
# build.sh NAME [TARGET...] [-- CONFIGURE-ARGUMENT...]: builds the tree out of place, in build/NAME.
# Makes ./configure when it is missing or old, configures when that never happened or the arguments changed, and runs make.
# Quiet: everything goes to build/NAME.log, of which the end is shown when something fails. Two at once wait for each other.
# Called by ./check and ./demo.
set -u
name=$1
shift
targets=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    targets+=("$1")
    shift
done
[ $# = 0 ] || shift
top=$(cd "$(dirname "$0")/.." && pwd -P) && cd "$top" && mkdir -p "build/$name" || exit 1
log=$top/build/$name.log

fail()
{
    tail -n 60 "$log"
    echo "build: $1 failed; all of it: $log"
    exit 1
}

if [ -e config.status ]; then
    echo "build: this source tree was configured in place, which makes a build elsewhere impossible: run make distclean"
    exit 1
fi
exec 8>"build/.lock-tree" 9>"build/.lock-$name"
flock 9
: >"$log"
flock 8
if [ ! -e configure ] || [ ! -e Makefile.in ] || [ ! -e config.h.in ] || [ configure.ac -nt configure ] ||
    [ -n "$(find . -path ./build -prune -o \( -name sources.am -o -name Makefile.am \) -newer Makefile.in -print)" ]; then
    ./autogen.sh >>"$log" 2>&1 8>&- 9>&- || fail autogen.sh
    touch Makefile.in # automake leaves it alone when nothing changed
fi
flock -u 8

cd "build/$name" || exit 1
arguments=$(printf '%q ' "$@")
if [ ! -e config.status ] || [ "$arguments" != "$(cat .arguments 2>/dev/null)" ] || [ "$top/configure" -nt config.status ]; then
    rm -f config.status
    "$top/configure" --quiet "$@" >>"$log" 2>&1 8>&- 9>&- || fail configure
    [ ! -e .arguments ] || [ "$arguments" = "$(cat .arguments)" ] || make clean >>"$log" 2>&1
    printf '%s\n' "$arguments" >.arguments
fi
make -j"$(nproc 2>/dev/null || echo 1)" ${targets[@]+"${targets[@]}"} >>"$log" 2>&1 8>&- 9>&- || fail make
