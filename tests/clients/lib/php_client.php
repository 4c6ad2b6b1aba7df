<?php
// odbc_* and PDO_ODBC through the driver. Prints TAP; called by php.sh.
$count = $failures = 0;
function check($name, $got, $wanted)
{
    global $count, $failures;
    $count++;
    if ($got === $wanted) {
        echo "ok $count - $name\n";
        return;
    }
    $failures++;
    echo "not ok $count - $name\n# got    ", str_replace("\n", "\n# ", var_export($got, true)), "\n# wanted ",
        str_replace("\n", "\n# ", var_export($wanted, true)), "\n";
}
set_error_handler(function ($code, $message) {
    // odbc_* say errors as warnings; those that a test waits for stand behind @.
    if (error_reporting() & $code) check("no warning: $message", 'a warning', '');
    return true;
});

$dsn = getenv('CLIENT_DSN');
$text = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline";
$row = ['1', $text, '-12345.67', '2.5', '2024-02-29', '2024-02-29 23:59:59.123456', '1', '4611686018427387904'];
$table = 'id integer primary key, name text, amount numeric(12,2), ratio double precision, day date, at timestamp, flag boolean, big bigint';

// ---- odbc_* ----
$db = odbc_connect($dsn, '', '');
check('odbc: connected', is_object($db) || is_resource($db), true);
odbc_exec($db, 'drop table if exists client_php');
check('odbc: create table', odbc_exec($db, "create table client_php ($table, data bytea)") !== false, true);
$insert = odbc_prepare($db, 'insert into client_php values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
check('odbc: insert with parameters', odbc_execute($insert, [...$row, "\x00\xff\\x"]), true);
check('odbc: rows changed', odbc_num_rows($insert), 1);
check('odbc: insert of NULLs', odbc_execute($insert, ['2', null, null, null, null, null, null, null, null]), true);
$result = odbc_exec($db, 'select id, name, amount, ratio, day, at, flag, big from client_php order by id');
check('odbc: number of columns', odbc_num_fields($result), 8);
check('odbc: types', array_map(fn($i) => odbc_field_type($result, $i), range(1, 8)),
    ['int4', 'text', 'numeric', 'float8', 'date', 'timestamp', 'bool', 'int8']);
check('odbc: the row comes back', array_values(odbc_fetch_array($result)), $row);
check('odbc: NULLs come back', array_values(odbc_fetch_array($result)), ['2', null, null, null, null, null, null, null]);
check('odbc: no more rows', odbc_fetch_array($result), false);
$result = odbc_exec($db, 'select data from client_php where id = 1');
odbc_binmode($result, ODBC_BINMODE_RETURN);
odbc_fetch_row($result);
check('odbc: bytes come back', odbc_result($result, 1), "\x00\xff\\x");
$result = odbc_exec($db, 'select n from generate_series(1, 20) n order by n');
check('odbc: a row by number', [odbc_fetch_row($result, 7), odbc_result($result, 1)], [true, '7']);
odbc_fetch_row($result, 3);
check('odbc: and back', odbc_result($result, 'n'), '3');
odbc_longreadlen($result = odbc_exec($db, "select repeat('ü', 50000) as long_text"), 200000);
odbc_fetch_row($result);
check('odbc: a long text', odbc_result($result, 1) === str_repeat('ü', 50000), true);
$number = function ($sql) use ($db) {
    $result = odbc_exec($db, $sql);
    odbc_fetch_row($result);
    return odbc_result($result, 1);
};
odbc_autocommit($db, false);
odbc_exec($db, "insert into client_php (id) values (10)");
check('odbc: a transaction sees its own rows', $number('select count(*) from client_php where id = 10'), '1');
odbc_rollback($db);
check('odbc: rollback', $number('select count(*) from client_php where id = 10'), '0');
odbc_exec($db, "insert into client_php (id, name) values (11, 'kept')");
odbc_commit($db);
odbc_autocommit($db, true);
check('odbc: commit', $number('select count(*) from client_php where id = 11'), '1');
$names = function ($result, $field) {
    for ($names = []; $found = odbc_fetch_array($result);) $names[] = $found[$field];
    return $names;
};
check('odbc: tables', $names(odbc_tables($db, null, 'public', 'client_php', 'TABLE'), 'TABLE_NAME'), ['client_php']);
check('odbc: columns', $names(odbc_columns($db, null, 'public', 'client_php', '%'), 'COLUMN_NAME'),
    ['id', 'name', 'amount', 'ratio', 'day', 'at', 'flag', 'big', 'data']);
check('odbc: primary key', $names(odbc_primarykeys($db, '', 'public', 'client_php'), 'COLUMN_NAME'), ['id']);
check('odbc: statistics', in_array('client_php_pkey', $names(odbc_statistics($db, '', 'public', 'client_php', SQL_INDEX_UNIQUE, SQL_QUICK), 'INDEX_NAME')), true);
// An ODBC 2 application gets the old names of the states.
check('odbc: an error', [@odbc_exec($db, 'select * from no_such_table'), odbc_error($db)], [false, 'S0002']);
check('odbc: its message', str_contains(odbc_errormsg($db), 'no_such_table'), true);
check('odbc: a second row with the key', [@odbc_exec($db, 'insert into client_php (id) values (1)'), odbc_error($db)], [false, '23000']);
odbc_exec($db, 'drop table client_php');
odbc_close($db);
$again = odbc_pconnect($dsn, '', '');
$again = odbc_pconnect($dsn, '', '');
check('odbc: a persistent connection', is_object($again) || is_resource($again), true);

// ---- PDO ----
$pdo = new PDO("odbc:$dsn", '', '', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$pdo->exec('drop table if exists client_pdo');
$pdo->exec("create table client_pdo ($table, data bytea)");
$marks = implode(', ', array_fill(0, 9, '?'));
$insert = $pdo->prepare("insert into client_pdo values ($marks)");
foreach ($row as $i => $value) $insert->bindValue($i + 1, $value, $i === 0 ? PDO::PARAM_INT : PDO::PARAM_STR);
$stream = fopen('php://memory', 'w+');
fwrite($stream, "\x00\xff\\x");
rewind($stream);
$insert->bindParam(9, $stream, PDO::PARAM_LOB);
check('PDO: insert with parameters, one a stream', [$insert->execute(), $insert->rowCount()], [true, 1]);
$named = $pdo->prepare('insert into client_pdo (id, name, amount) values (:id, :name, :amount)');
check('PDO: insert with named parameters and NULL', $named->execute(['id' => 2, 'name' => null, 'amount' => null]), true);
$select = $pdo->prepare('select id, name, amount, ratio, day, at, flag, big from client_pdo where id = ?');
$select->execute([1]);
check('PDO: the row comes back', array_map('strval', $select->fetch(PDO::FETCH_NUM)), $row);
$select->execute([2]);
check('PDO: NULLs come back', array_slice($select->fetch(PDO::FETCH_NUM), 1), array_fill(0, 7, null));
// PDO reads every value as text, and ODBC's text of bytes is hexadecimal.
check('PDO: bytes come back', hex2bin($pdo->query('select data from client_pdo where id = 1')->fetchColumn()), "\x00\xff\\x");
check('PDO: many rows', count($pdo->query('select * from generate_series(1, 1000)')->fetchAll()), 1000);
$scroll = $pdo->prepare('select n from generate_series(1, 9) n order by n', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
$scroll->execute();
check('PDO: scrolling', [$scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST)[0], $scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_PRIOR)[0],
    $scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_ABS, 2)[0]], ['9', '8', '2']);
$scroll = null;
$number = fn($sql) => $pdo->query($sql)->fetchColumn();
$pdo->beginTransaction();
$pdo->exec("insert into client_pdo (id) values (10)");
check('PDO: a transaction sees its own rows', $number('select count(*) from client_pdo where id = 10'), '1');
$pdo->rollBack();
check('PDO: rollback', $number('select count(*) from client_pdo where id = 10'), '0');
$pdo->beginTransaction();
$pdo->prepare('insert into client_pdo (id, name) values (?, ?)')->execute([11, 'kept']);
$pdo->commit();
check('PDO: commit', $number('select count(*) from client_pdo where id = 11'), '1');
$state = function ($action) {
    try {
        $action();
        return 'no error';
    } catch (PDOException $error) {
        return $error->errorInfo[0] ?? substr($error->getMessage(), 9, 5);
    }
};
check('PDO: a table that is not there', $state(fn() => $pdo->query('select * from no_such_table')), '42S02');
check('PDO: a second row with the key', $state(fn() => $pdo->exec('insert into client_pdo (id) values (1)')), '23505');
check('PDO: a wrong password', $state(fn() => new PDO("odbc:$dsn", 'app', 'wrong')), '28000');
$pdo->exec('drop table client_pdo');
$pdo = null;
echo "1..$count\n";
exit($failures ? 1 : 0);
