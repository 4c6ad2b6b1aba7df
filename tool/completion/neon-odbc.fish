# Completion of neon-odbc for fish.

# One a line: a name may have spaces.
function __neon_odbc_names
    neon-odbc dsn list --json $argv 2>/dev/null | string replace -rf '^ \{"name": "(.*)", "server": .*' '$1' | string replace -ar '\\\\(["\\\\])' '$1'
end

# Are these the words before the cursor, options left out?
function __neon_odbc_words
    set -l words (string match -v -- '-?*' (commandline -opc)[2..])
    test "$words" = "$argv"
end

complete -c neon-odbc -f
complete -c neon-odbc -n __neon_odbc_words -a 'dsn query doctor register unregister'
complete -c neon-odbc -n '__neon_odbc_words dsn' -a 'add list show remove'
complete -c neon-odbc -n '__neon_odbc_words query; or __neon_odbc_words doctor' -a '(__neon_odbc_names)'
complete -c neon-odbc -n '__neon_odbc_words dsn show; or __neon_odbc_words dsn remove' -a '(__neon_odbc_names (string match -- --system (commandline -opc)))'
complete -c neon-odbc -n '__fish_seen_subcommand_from query doctor list show' -l json -d 'print JSON'
complete -c neon-odbc -n '__fish_seen_subcommand_from query' -l csv -d 'print CSV'
complete -c neon-odbc -n '__fish_seen_subcommand_from dsn' -l system -d "the system's odbc.ini"
complete -c neon-odbc -n '__neon_odbc_words register' -F
