#!/usr/bin/env bash
# Completion of neon-odbc's command line: which words are offered where, and names with spaces as one word. bash's always,
# fish's where there is one. Prints TAP.
set -u
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8
folder=$NEON_TEST_DIR/tmp/completion
completion=$(cd "$(dirname "$0")/../../tool/completion" && pwd -P)
[ -x "$NEON_TEST_BUILDDIR/tool/neon-odbc" ] || { echo "the tool is not built"; exit 77; }
mkdir -p "$folder"
ln -sf "$NEON_TEST_BUILDDIR/tool/neon-odbc" "$folder/neon-odbc"
export PATH=$folder:$PATH ODBCINI=$folder/odbc.ini
printf '[%s]\nDriver = Neon\nServer = h\n' mine 'my sales "x"' other >"$ODBCINI"

in_bash() # WORD... (the last is the one to complete): what is offered, one a line
{
    (
        . "$completion/neon-odbc"
        COMP_WORDS=(neon-odbc "$@") COMP_CWORD=$#
        _neon_odbc
        printf '%s\n' "${COMPREPLY[@]}" end
    )
}
expect "bash: commands" "$(in_bash '')" '^dsn$' '^query$' '^doctor$' '!mine'
expect "bash: a command that has begun" "$(in_bash q)" '^query$' '!dsn'
expect "bash: what there is to do with data sources" "$(in_bash dsn '')" '^list$' '!mine'
expect "bash: dsn list takes no name" "$(in_bash dsn list '')" '^end$' '!mine'
expect "bash: nor does dsn add complete one" "$(in_bash dsn add '')" '^end$' '!mine'
expect "bash: options" "$(in_bash dsn list -)" '^--json$' '^--system$' '!--csv'
expect "bash: names, one word each" "$(in_bash dsn show '')" '^mine$' '^my\\ sales\\ \\"x\\"$' '^other$'
expect "bash: a name with spaces that has begun" "$(in_bash query 'my\ s')" '^my\\ sales\\ \\"x\\"$' '!mine'
expect "bash: in quotes" "$(in_bash query "'my ")" '^my sales "x"$' '!mine'
expect "bash: one name is enough" "$(in_bash query mine '')" '^end$' '!mine'
expect "bash: behind an option" "$(in_bash doctor --json mi)" '^mine$' '!other'
expect "bash: the system's names" "$(in_bash dsn --system show '')" '^end$' '!^mine$'

in_fish() { fish -c "source '$completion/neon-odbc.fish'; complete -C 'neon-odbc $1'; echo end" 2>&1; }
if HOME=$folder XDG_CONFIG_HOME=$folder fish -c true 2>/dev/null; then
    export HOME=$folder XDG_CONFIG_HOME=$folder XDG_DATA_HOME=$folder
    expect "fish: commands" "$(in_fish '')" '^query' '!mine'
    expect "fish: dsn list takes no name" "$(in_fish 'dsn list ')" '^end$' '!mine'
    expect "fish: names, one word each" "$(in_fish 'dsn show ')" '^mine$' '^my sales "x"$' '^other$'
    expect "fish: one name is enough" "$(in_fish 'query mine ')" '^end$' '!mine'
    expect "fish: behind an option" "$(in_fish 'doctor --json mi')" '^mine' '!other'
fi
echo "1..$cases"
[ "$failures" = 0 ]
