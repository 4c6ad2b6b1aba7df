# DBI with DBD::ODBC through the driver. Prints TAP; called by perl_dbd_odbc.sh.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use Encode qw(decode_utf8 encode_utf8);
use Test::More;

binmode $_, ':utf8' for Test::More->builder->output, Test::More->builder->failure_output;

my $text = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline";
my $db = DBI->connect("dbi:ODBC:$ENV{CLIENT_DSN}", '', '', {RaiseError => 1, PrintError => 0, AutoCommit => 1});
is $db->get_info(17), 'PostgreSQL', 'connected';
ok $db->ping, 'ping';
$db->do('drop table if exists client_perl');
$db->do('create table client_perl (id integer primary key, name varchar(200), amount numeric(12,2), ratio double precision,
    day date, at timestamp, flag boolean, data bytea, big bigint)');

# Debian's DBD::ODBC is built narrow: it takes and gives bytes, which are UTF-8 here.
my $insert = $db->prepare('insert into client_perl values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
my @row = (1, encode_utf8($text), '-12345.67', '2.5', '2024-02-29', '2024-02-29 23:59:59.123456', 1, "\x00\xff\\x", '4611686018427387904');
$insert->bind_param($_ + 1, $row[$_], $_ == 7 ? SQL_VARBINARY : ()) for 0 .. $#row;
is $insert->execute, 1, 'insert with parameters says 1 row';
$insert->bind_param($_ + 1, $_ == 0 ? 2 : undef) for 0 .. $#row;
is $insert->execute, 1, 'insert of NULLs';

my $select = $db->prepare('select * from client_perl order by id');
$select->execute;
is_deeply [map { uc } @{$select->{NAME}}], [qw(ID NAME AMOUNT RATIO DAY AT FLAG DATA BIG)], 'names of the columns';
my %type = map { $select->{NAME_lc}[$_] => $select->{TYPE}[$_] } 0 .. $#{$select->{NAME}};
is $type{id}, SQL_INTEGER, 'integer';
is $type{amount}, SQL_NUMERIC, 'numeric';
is $type{ratio}, SQL_DOUBLE, 'double precision';
is $type{day}, SQL_TYPE_DATE, 'date';
is $type{at}, SQL_TYPE_TIMESTAMP, 'timestamp';
is $type{big}, SQL_BIGINT, 'bigint';
is $select->{PRECISION}[2], 12, 'precision of numeric(12,2)';
is $select->{SCALE}[2], 2, 'scale';
my $rows = $select->fetchall_arrayref;
is decode_utf8($rows->[0][1]), $text, 'text comes back';
is $rows->[0][2], '-12345.67', 'numeric comes back';
is $rows->[0][3] + 0, 2.5, 'double comes back';
is $rows->[0][4], '2024-02-29', 'date comes back';
is $rows->[0][5], '2024-02-29 23:59:59.123456', 'timestamp comes back';
is $rows->[0][6], 1, 'boolean comes back';
is $rows->[0][7], "\x00\xff\\x", 'bytes come back';
is $rows->[0][8], '4611686018427387904', 'bigint comes back';
is_deeply $rows->[1], [2, (undef) x 8], 'NULLs come back';

$db->{LongReadLen} = 1_000_000;
my $long = 'x' x 300_000;
my $update = $db->prepare('update client_perl set name = ? where id = 2');
$db->do('alter table client_perl alter column name type text');
$update->bind_param(1, $long, SQL_LONGVARCHAR);
$update->execute;
is $db->selectrow_array('select name from client_perl where id = 2'), $long, 'a long text';

my $array = $db->prepare('insert into client_perl (id, name) values (?, ?)');
my @status;
is $array->execute_array({ArrayTupleStatus => \@status}, [100 .. 149], [map { "n$_" } 100 .. 149]), 50, 'execute_array';
is $db->selectrow_array('select count(*) from client_perl where id >= 100'), 50, 'and its rows are there';

my $count = 'select count(*) from client_perl where id between 10 and 19';
$db->begin_work;
$db->do("insert into client_perl (id) values (10)");
is $db->selectrow_array($count), 1, 'a transaction sees its own rows';
$db->rollback;
is $db->selectrow_array($count), 0, 'rollback';
$db->begin_work;
$db->do('insert into client_perl (id, name) values (?, ?)', {}, 11, 'kept');
$db->commit;
is $db->selectrow_array($count), 1, 'commit';

is_deeply [map { $_->[2] } @{$db->table_info(undef, undef, 'client_perl', 'TABLE')->fetchall_arrayref}], ['client_perl'], 'tables';
is_deeply [map { $_->[3] } @{$db->column_info(undef, undef, 'client_perl', '%')->fetchall_arrayref}],
    [qw(id name amount ratio day at flag data big)], 'columns';
is_deeply [$db->primary_key(undef, undef, 'client_perl')], ['id'], 'primary key';
my $foreign = $db->foreign_key_info(undef, undef, undef, undef, undef, 'orders');
is_deeply [map { [@$_[2, 7]] } @{$foreign->fetchall_arrayref}], [['customers', 'customer_id']], 'foreign keys';
ok scalar(@{$db->type_info_all}) > 10, 'types';

sub state_of { my $action = shift; eval { $action->(); 1 } and return 'no error'; return $DBI::state }
is state_of(sub { $db->do('select * from no_such_table') }), '42S02', 'a table that is not there: 42S02';
is state_of(sub { $db->do('insert into client_perl (id) values (1)') }), '23505', 'a second row with the key: 23505';
is state_of(sub { $db->do('selec 1') }), '42601', 'a syntax error: 42601';
is state_of(sub { DBI->connect("dbi:ODBC:$ENV{CLIENT_DSN}", 'app', 'wrong', {RaiseError => 1, PrintError => 0}) }), '28000',
    'a wrong password: 28000';
$db->do('drop table client_perl');
$db->disconnect;
done_testing;
