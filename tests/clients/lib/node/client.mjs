// npm's odbc through the driver. Prints TAP; called by npm_odbc.sh.
import { isDeepStrictEqual } from 'node:util';
import odbc from 'odbc';

let count = 0;
let failures = 0;
function check(name, got, wanted) {
    count++;
    const good = isDeepStrictEqual(got, wanted);
    console.log(`${good ? 'ok' : 'not ok'} ${count} - ${name}`);
    if (!good) {
        failures++;
        console.log('# got   ', got, '\n# wanted', wanted);
    }
}
async function state(action) {
    try {
        await action();
        return 'no error';
    } catch (error) {
        return error.odbcErrors?.[0]?.state ?? String(error);
    }
}
const rows = (result) => [...result].map((row) => ({ ...row }));

const dsn = `DSN=${process.env.CLIENT_DSN}`;
const text = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline";
const db = await odbc.connect(dsn);
await db.query('drop table if exists client_node');
await db.query(`create table client_node (id integer primary key, name text, amount numeric(12,2), ratio double precision,
    day date, at timestamp, flag boolean, data bytea, big bigint)`);
const values = [1, text, '-12345.67', 2.5, '2024-02-29', '2024-02-29 23:59:59.123', true, new Uint8Array([0, 255, 92]).buffer, 4611686018427387904n];
const marks = values.map(() => '?').join(', ');
check('insert with parameters', (await db.query(`insert into client_node values (${marks})`, values)).count, 1);
await db.query('insert into client_node (id, name, amount) values (?, ?, ?)', [2, null, null]);
const [row] = rows(await db.query('select * from client_node where id = ?', [1]));
check('text comes back', row.name, text);
check('numbers come back', [row.id, Number(row.amount), row.ratio, String(row.big)], [1, -12345.67, 2.5, '4611686018427387904']);
check('date and timestamp come back', [row.day, row.at], ['2024-02-29', '2024-02-29 23:59:59.123']);
check('boolean comes back', Boolean(Number(row.flag)), true);
check('bytes come back', [...new Uint8Array(row.data)], [0, 255, 92]);
const [nulls] = rows(await db.query('select name, amount, data from client_node where id = 2'));
check('NULLs come back', nulls, { name: null, amount: null, data: null });
const described = (await db.query('select id, name, amount from client_node where false')).columns;
check('types of the columns', described.map((column) => column.dataTypeName), ['SQL_INTEGER', 'SQL_WLONGVARCHAR', 'SQL_NUMERIC']);
await db.query('update client_node set name = ? where id = 2', ['ü'.repeat(50000)]);
check('a long text', rows(await db.query('select name from client_node where id = 2'))[0].name === 'ü'.repeat(50000), true);

const statement = await db.createStatement();
await statement.prepare('insert into client_node (id, name) values (?, ?)');
await statement.bind([20, 'prepared']);
check('a prepared statement', (await statement.execute()).count, 1);
await statement.close();
const cursor = await db.query('select n from generate_series(1, 250) n order by n', { cursor: true, fetchSize: 100 });
let fetched = 0;
while (!cursor.noData) fetched += (await cursor.fetch()).length;
await cursor.close();
check('a cursor', fetched, 250);

const number = async () => Number(rows(await db.query('select count(*)::int as n from client_node where id between 10 and 19'))[0].n);
await db.beginTransaction();
await db.query('insert into client_node (id) values (10)');
check('a transaction sees its own rows', await number(), 1);
await db.rollback();
check('rollback', await number(), 0);
await db.beginTransaction();
await db.query('insert into client_node (id, name) values (?, ?)', [11, 'kept']);
await db.commit();
check('commit', await number(), 1);

check('tables', rows(await db.tables(null, null, 'client_node', 'TABLE')).map((r) => r.TABLE_NAME), ['client_node']);
check('columns', rows(await db.columns(null, null, 'client_node', null)).map((r) => r.COLUMN_NAME),
    ['id', 'name', 'amount', 'ratio', 'day', 'at', 'flag', 'data', 'big']);
check('primary key', rows(await db.primaryKeys(null, null, 'client_node')).map((r) => r.COLUMN_NAME), ['id']);
check('foreign keys', rows(await db.foreignKeys(null, null, null, null, null, 'orders')).map((r) => r.FKCOLUMN_NAME), ['customer_id']);
check('a table that is not there', await state(() => db.query('select * from no_such_table')), '42S02');
check('a second row with the key', await state(() => db.query('insert into client_node (id) values (1)')), '23505');
check('a wrong password', await state(() => odbc.connect(`${dsn};PWD=wrong`)), '28000');
const pool = await odbc.pool({ connectionString: dsn, initialSize: 2 });
const answers = await Promise.all([1, 2, 3, 4].map((n) => pool.query(`select ${n} as n`)));
check('a pool', answers.map((answer) => answer[0].n), [1, 2, 3, 4]);
await pool.close();
await db.query('drop table client_node');
await db.close();
console.log(`1..${count}`);
process.exit(failures ? 1 : 0);
