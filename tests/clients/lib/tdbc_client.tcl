# tdbc::odbc through the driver. Prints TAP; called by tcl_tdbc.sh.
encoding system utf-8
fconfigure stdout -encoding utf-8
package require tdbc::odbc

set count 0
set failures 0
proc check {name got wanted} {
    incr ::count
    if {$got eq $wanted} {
        puts "ok $::count - $name"
    } else {
        incr ::failures
        puts "not ok $::count - $name\n# got    [string map {\n "\n# "} $got]\n# wanted [string map {\n "\n# "} $wanted]"
    }
}
proc state {script} {
    if {[catch {uplevel 1 $script} message options]} { return [lindex [dict get $options -errorcode] 2] }
    return "no error"
}

set text "Zo\u00eb, \u039d\u03b1\u03c4\u03b1\u03bb\u03af\u03b1, \u5c71\u7530, 'quoted', \\ and\nnewline"
tdbc::odbc::connection create db "DSN=$env(CLIENT_DSN)"
db allrows {drop table if exists client_tcl}
db allrows {create table client_tcl (id integer primary key, name text, amount numeric(12,2), ratio double precision,
    day date, at timestamp, big bigint)}
set insert [db prepare {insert into client_tcl values (:id, :name, :amount, :ratio, :day, :at, :big)}]
foreach {column type} {id integer name varchar amount numeric ratio double day date at timestamp big bigint} {
    $insert paramtype $column {*}[expr {$type eq "numeric" ? {numeric 12 2} : $type eq "varchar" ? {varchar 400} : $type}]
}
set row [dict create id 1 name $text amount -12345.67 ratio 2.5 day 2024-02-29 at "2024-02-29 23:59:59" big 4611686018427387904]
set result [$insert execute $row]
check "insert with parameters" [$result rowcount] 1
$result close
[$insert execute {id 2}] close
check "the row comes back" [lindex [db allrows -as lists {select id, name, amount, ratio, day, at, big from client_tcl where id = 1}] 0] [dict values $row]
check "NULLs come back: they are left away" [db allrows -as dicts {select * from client_tcl where id = 2}] {{id 2}}
set n 0
db foreach -as lists r {select * from generate_series(1, 500)} { incr n }
check "many rows" $n 500

proc rows {} { lindex [db allrows -as lists {select count(*) from client_tcl where id between 10 and 19}] 0 0 }
db begintransaction
db allrows {insert into client_tcl (id) values (10)}
check "a transaction sees its own rows" [rows] 1
db rollback
check "rollback" [rows] 0
db transaction { db allrows {insert into client_tcl (id, name) values (11, 'kept')} }
check "commit" [rows] 1

check "tables" [dict exists [db tables client_tcl] client_tcl] 1
check "columns" [lsort [dict keys [db columns client_tcl]]] {amount at big day id name ratio}
check "type of a column" [dict get [db columns client_tcl amount] amount type] numeric
check "primary key" [dict get [lindex [db primarykeys client_tcl] 0] columnName] id
check "foreign key" [dict get [lindex [db foreignkeys -foreign orders] 0] foreignColumn] customer_id
check "a table that is not there" [state {db allrows {select * from no_such_table}}] 42S02
check "a second row with the key" [state {db allrows {insert into client_tcl (id) values (1)}}] 23505
check "a wrong password" [state {tdbc::odbc::connection create wrong "DSN=$env(CLIENT_DSN);PWD=wrong"}] 28000
$insert close
db allrows {drop table client_tcl}
db close
puts "1..$count"
exit [expr {$failures > 0}]
