# Completion of neon-odbc for fish.
complete -c neon-odbc -f
complete -c neon-odbc -n __fish_use_subcommand -a 'dsn query doctor register unregister'
complete -c neon-odbc -n '__fish_seen_subcommand_from dsn; and not __fish_seen_subcommand_from add list show remove' -a 'add list show remove'
complete -c neon-odbc -n '__fish_seen_subcommand_from query doctor show remove' -a '(neon-odbc dsn list 2>/dev/null | string split -f1 " ")'
complete -c neon-odbc -n '__fish_seen_subcommand_from query doctor list show' -l json -d 'print JSON'
complete -c neon-odbc -n '__fish_seen_subcommand_from query' -l csv -d 'print CSV'
complete -c neon-odbc -n '__fish_seen_subcommand_from dsn' -l system -d "the system's odbc.ini"
complete -c neon-odbc -n '__fish_seen_subcommand_from register' -F
