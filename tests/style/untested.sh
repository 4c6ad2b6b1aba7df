#!/usr/bin/env bash
# untested.sh: lists the driver's sources without a unit test of their own. A report to read: it always succeeds.
. "$(dirname "$0")/lib.sh"
n=0
for file in $(c_files driver | grep '\.c$'); do
    rest=${file#driver/}
    test=tests/unit/$(dirname "$rest")/test_$(basename "$rest")
    [ -e "$test" ] || { echo "no unit test: $file"; n=$((n + 1)); }
done
echo "$n source file(s) without a unit test of their own"
exit 0
