#!/usr/bin/env bash
# banned.sh: functions that must not appear. Comments and strings do not count. Where a rule is wrong for one line, say why
# in a comment on that line that holds "style:allow".
. "$(dirname "$0")/lib.sh"

ban() # PATTERN REASON FILE...
{
    local pattern=$1 reason=$2 file line rest
    shift 2
    [ $# -gt 0 ] || return 0
    while IFS=: read -r file line rest; do
        sed -n "${line}p" "$file" | grep -q 'style:allow' || complain "$file:$line: $reason:$rest"
    done < <(awk -v strings=1 -f tests/style/strip.awk "$@" | grep -E "^[^:]*:[0-9]+:.*(^|[^A-Za-z0-9_.>])($pattern)[ ]*\\(")
}

mapfile -t driver < <(c_files driver setup)
mapfile -t outside_base < <(c_files driver setup | grep -v '^driver/base/')
mapfile -t gateway < <(c_files gateway)
ban 'strcpy|strcat|stpcpy|v?sprintf|gets|atoi|atol|atoll|strtok' 'banned: no bound or no error' "${driver[@]}" "${gateway[@]}"
ban 'setlocale|strtod|strtof|strtold|atof' "banned: the application's locale decides" "${driver[@]}"
ban 'setlocale' "banned: libpq's labels would be translated (failure.c), and numbers written otherwise" "${gateway[@]}"
ban 'malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf' 'use base/mem.h' "${outside_base[@]}"

# The comma of printf("%f") is the locale's. (%2F and its kin are a URL's, not printf's.)
float='%[-+ #0]*[0-9*]*(\.[0-9*]+)?[lL]?[feg]|%[-+ #0]*\.[0-9*]+L?[FEG]|%[FEG]'
if [ ${#driver[@]} -gt 0 ]; then
    while IFS=: read -r file line rest; do
        sed -n "${line}p" "$file" | grep -q 'style:allow' ||
            complain "$file:$line: floating point in a format depends on the locale:$rest"
    done < <(awk -f tests/style/strip.awk "${driver[@]}" | sed 's/%%//g' | grep -E "\"([^\"\\]|\\.)*($float)([^a-zA-Z_]|\$)")
fi
finish "banned functions"
