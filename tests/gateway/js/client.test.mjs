// The official JavaScript client, unchanged, against neon-gateway. test_js.py starts this with the gateways' URLs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neon, neonConfig, NeonDbError, Pool } from '@neondatabase/serverless';

const { GATEWAY_URL, DATABASE_URL, JWT_GATEWAY_URL, JWT_DATABASE_URL, JWT_TOKEN } = process.env;

// The client removes nothing and adds nothing: only the address is ours.
neonConfig.fetchEndpoint = (host, port, { jwtAuth }) => `${jwtAuth ? JWT_GATEWAY_URL : GATEWAY_URL}/sql`;

const sql = neon(DATABASE_URL);

test('a template query returns rows', async () => {
  assert.deepEqual(await sql`SELECT 1 AS a, 'x' AS b, NULL AS c`, [{ a: 1, b: 'x', c: null }]);
});

test('template parameters of every kind', async () => {
  const when = new Date('2024-02-29T12:34:56.789Z');
  const [row] = await sql`SELECT ${42}::int AS i, ${'q"\n\\é😀'}::text AS t, ${true}::bool AS b, ${null}::text AS n,
    ${1.5}::float8 AS f, ${when}::timestamptz AS d, ${{ a: [1, 'x'] }}::jsonb AS j, ${9007199254740993n}::int8 AS big,
    ${Buffer.from([0, 1, 255])}::bytea AS y`;
  assert.equal(row.i, 42);
  assert.equal(row.t, 'q"\n\\é😀');
  assert.equal(row.b, true);
  assert.equal(row.n, null);
  assert.equal(row.f, 1.5);
  assert.deepEqual(row.d, when);
  assert.deepEqual(row.j, { a: [1, 'x'] });
  assert.equal(row.big, '9007199254740993');
  assert.deepEqual(Buffer.from(row.y), Buffer.from([0, 1, 255]));
});

test('arrays as parameters and results', async () => {
  const texts = ['a', 'b,c', 'd"e', 'f\\g', null, 'NULL', '', '{x}', 'line\nbreak'];
  const [row] = await sql`SELECT ${texts}::text[] AS t, ${[1, 2, 3]}::int[] AS i, ${[[1, 2], [3, 4]]}::int[] AS m,
    ${[]}::int[] AS e, ${[true, false]}::bool[] AS b, ARRAY['2024-01-01'::date] AS d`;
  assert.deepEqual(row.t, texts);
  assert.deepEqual(row.i, [1, 2, 3]);
  assert.deepEqual(row.m, [[1, 2], [3, 4]]);
  assert.deepEqual(row.e, []);
  assert.deepEqual(row.b, [true, false]);
  assert.equal(row.d.length, 1);
});

test('numbers, special floats and json', async () => {
  const [row] = await sql`SELECT 'NaN'::float8 AS nan, 'Infinity'::float4 AS inf, 1e16::float8 AS e, 0.1::float4 AS f,
    1.50::numeric AS n, 7::int2 AS s, '{"k": [1, null]}'::json AS j, point(1,2) AS p`;
  assert.ok(Number.isNaN(row.nan));
  assert.equal(row.inf, Infinity);
  assert.equal(row.e, 1e16);
  assert.equal(row.f, 0.1);
  assert.equal(row.n, '1.50');
  assert.equal(row.s, 7);
  assert.deepEqual(row.j, { k: [1, null] });
  assert.deepEqual(row.p, { x: 1, y: 2 });
});

test('sql.query, array mode and full results', async () => {
  const result = await sql.query('SELECT $1::int AS a, $2::text AS a', [7, 'x'], { arrayMode: true, fullResults: true });
  assert.deepEqual(result.rows, [[7, 'x']]);
  assert.equal(result.command, 'SELECT');
  assert.equal(result.rowCount, 1);
  assert.equal(result.rowAsArray, true);
  assert.deepEqual(result.fields.map((f) => [f.name, f.dataTypeID]), [['a', 23], ['a', 25]]);
});

test('insert, update and delete report their counts', async () => {
  await sql`DROP TABLE IF EXISTS js_items`;
  await sql`CREATE TABLE js_items(id serial PRIMARY KEY, sku text UNIQUE)`;
  const full = neon(DATABASE_URL, { fullResults: true });
  assert.equal((await full`INSERT INTO js_items(sku) VALUES ('a'), ('b'), ('c')`).rowCount, 3);
  assert.deepEqual((await full`INSERT INTO js_items(sku) VALUES ('d') RETURNING id, sku`).rows, [{ id: 4, sku: 'd' }]);
  assert.equal((await full`UPDATE js_items SET sku = sku || '!' WHERE id < 3`).rowCount, 2);
  assert.equal((await full`DELETE FROM js_items`).rowCount, 4);
  assert.equal((await full`DROP TABLE js_items`).rowCount, null);
});

test('a transaction with options', async () => {
  const results = await sql.transaction(
    [
      sql`SELECT current_setting('transaction_isolation') AS i`,
      sql`SELECT current_setting('transaction_read_only') AS r, current_setting('transaction_deferrable') AS d`,
      sql`SELECT ${5}::int AS n`,
    ],
    { isolationLevel: 'Serializable', readOnly: true, deferrable: true },
  );
  assert.deepEqual(results, [[{ i: 'serializable' }], [{ r: 'on', d: 'on' }], [{ n: 5 }]]);
});

test('a transaction given as a function, in array mode with full results', async () => {
  const results = await sql.transaction((tx) => [tx`SELECT 1 AS a`, tx`SELECT 2 AS b`], {
    isolationLevel: 'RepeatableRead', arrayMode: true, fullResults: true,
  });
  assert.deepEqual(results.map((r) => r.rows), [[[1]], [[2]]]);
});

test('a failing transaction leaves nothing', async () => {
  await sql`DROP TABLE IF EXISTS js_tx`;
  await sql`CREATE TABLE js_tx(a int)`;
  await assert.rejects(sql.transaction([sql`INSERT INTO js_tx VALUES (1)`, sql`SELECT 1/0`]), { code: '22012' });
  assert.deepEqual(await sql`SELECT count(*)::int AS n FROM js_tx`, [{ n: 0 }]);
  await sql.transaction([sql`INSERT INTO js_tx VALUES (1)`, sql`INSERT INTO js_tx VALUES (2)`]);
  assert.deepEqual(await sql`SELECT count(*)::int AS n FROM js_tx`, [{ n: 2 }]);
  await sql`DROP TABLE js_tx`;
});

test('an error carries all its fields', async () => {
  await sql`DROP TABLE IF EXISTS js_err`;
  await sql`CREATE TABLE js_err(id int, CONSTRAINT js_err_pk PRIMARY KEY (id))`;
  await sql`INSERT INTO js_err VALUES (1)`;
  const error = await sql`INSERT INTO js_err VALUES (1)`.then(() => null, (e) => e);
  assert.ok(error instanceof NeonDbError);
  assert.equal(error.message, 'duplicate key value violates unique constraint "js_err_pk"');
  assert.equal(error.code, '23505');
  assert.equal(error.severity, 'ERROR');
  assert.equal(error.detail, 'Key (id)=(1) already exists.');
  assert.equal(error.schema, 'public');
  assert.equal(error.table, 'js_err');
  assert.equal(error.constraint, 'js_err_pk');
  assert.equal(error.file, 'nbtinsert.c');
  assert.match(error.line, /^\d+$/);
  assert.equal(error.routine, '_bt_check_unique');
  await sql`DROP TABLE js_err`;
  const syntax = await sql`SELECT 123 WHERE x`.then(() => null, (e) => e);
  assert.equal(syntax.code, '42703');
  assert.equal(syntax.position, '18');
  const internal = await sql`DO $$ begin perform nope; end $$`.then(() => null, (e) => e);
  assert.equal(internal.internalQuery, 'SELECT nope');
  assert.match(internal.where, /PL\/pgSQL/);
});

test('wrong password and unknown database', async () => {
  const url = new URL(DATABASE_URL);
  url.password = 'wrong';
  const wrong = await neon(url.href)`SELECT 1`.then(() => null, (e) => e);
  assert.equal(wrong.message, "password authentication failed for user 'app'");
  assert.equal(wrong.code, '');
  const unknown = await neon(DATABASE_URL.replace('/shop', '/nope'))`SELECT 1`.then(() => null, (e) => e);
  assert.equal(unknown.code, '3D000');
  assert.equal(unknown.severity, 'FATAL');
});

test('a thousand rows with text in several scripts', async () => {
  const rows = await sql`SELECT g AS n, repeat('é😀"\\', 20) AS t FROM generate_series(1, 1000) g`;
  assert.equal(rows.length, 1000);
  assert.deepEqual(rows[999], { n: 1000, t: 'é😀"\\'.repeat(20) });
});

test('an aborted fetch', async () => {
  const abort = new AbortController();
  const slow = neon(DATABASE_URL, { fetchOptions: { signal: abort.signal } });
  const pending = slow`SELECT pg_sleep(600)`;
  const rejected = assert.rejects(pending);
  abort.abort();
  await rejected;
  assert.deepEqual(await sql`SELECT 1 AS a`, [{ a: 1 }]);
});

test('Pool.query over fetch', async () => {
  neonConfig.poolQueryViaFetch = true;
  const pool = new Pool({ connectionString: DATABASE_URL });
  const result = await pool.query('SELECT $1::int + 1 AS a', [41]);
  assert.deepEqual(result.rows, [{ a: 42 }]);
  assert.equal(result.rowCount, 1);
  await pool.end();
  neonConfig.poolQueryViaFetch = false;
});

test('a token instead of a password', { skip: !JWT_TOKEN && 'no JWT gateway was started' }, async () => {
  const withToken = neon(JWT_DATABASE_URL, { authToken: async () => JWT_TOKEN });
  assert.deepEqual(await withToken`SELECT current_user::text AS u, current_setting('request.jwt.claims')::json->>'sub' AS s`, [
    { u: 'authenticated', s: 'user-js' },
  ]);
});
