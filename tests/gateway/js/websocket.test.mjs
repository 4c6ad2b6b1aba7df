// The official JavaScript client's Pool and Client over WebSocket, unchanged, against neon-gateway: with the password
// pipelined, which is the client's default for Neon, and step by step; against the plain relay with SCRAM.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client, neonConfig, Pool, types } from '@neondatabase/serverless';
import ws from 'ws';

const { GATEWAY_URL, PLAIN_GATEWAY_URL, DATABASE_URL } = process.env;
const proxy = (url, path) => () => new URL(url).host + path;

neonConfig.webSocketConstructor = ws; // as the client's documentation has it for Node
neonConfig.useSecureWebSocket = false;
neonConfig.wsProxy = proxy(GATEWAY_URL, '/v2');
neonConfig.pipelineTLS = false;
neonConfig.pipelineConnect = 'password';

const pool = new Pool({ connectionString: DATABASE_URL, max: 5 });
after(() => pool.end());

async function withClient(work, connectionString = DATABASE_URL) {
  const client = new Client(connectionString);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test('a pool answers queries', async () => {
  const { rows, fields, command, rowCount } = await pool.query('SELECT $1::int + 1 AS n, $2::text AS t', [41, 'é😀']);
  assert.deepEqual(rows, [{ n: 42, t: 'é😀' }]);
  assert.deepEqual(fields.map((f) => f.dataTypeID), [types.builtins.INT4, types.builtins.TEXT]);
  assert.deepEqual([command, rowCount], ['SELECT', 1]);
});

test('many at once', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => pool.query('SELECT $1::int AS i', [i])));
  assert.deepEqual(answers.map((a) => a.rows[0].i), Array.from({ length: 50 }, (_, i) => i));
});

test('a transaction on one client', async () => {
  const client = await pool.connect();
  try {
    await client.query('CREATE TEMP TABLE js_ws(a int)');
    await client.query('BEGIN');
    await client.query('INSERT INTO js_ws VALUES (1), (2)');
    assert.equal((await client.query('SELECT count(*)::int AS n FROM js_ws')).rows[0].n, 2);
    await client.query('ROLLBACK');
    assert.equal((await client.query('SELECT count(*)::int AS n FROM js_ws')).rows[0].n, 0);
    await client.query('DROP TABLE js_ws');
  } finally {
    client.release();
  }
});

test('the password goes with the first message', async () => {
  for (const mode of ['password', false]) {
    neonConfig.pipelineConnect = mode;
    await withClient(async (client) => {
      assert.deepEqual((await client.query('SELECT current_user AS u')).rows, [{ u: 'app' }]);
    });
  }
  neonConfig.pipelineConnect = 'password';
});

test('prepared statements by name', async () => {
  await withClient(async (client) => {
    for (let i = 0; i < 3; i++) {
      const { rows } = await client.query({ name: 'twice', text: 'SELECT $1::int * 2 AS d', values: [i] });
      assert.deepEqual(rows, [{ d: 2 * i }]);
    }
    const { rows } = await client.query("SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name = 'twice'");
    assert.deepEqual(rows, [{ n: 1 }]);
  });
});

test('an error carries all its fields and the session goes on', async () => {
  await withClient(async (client) => {
    const error = await client.query('SELECT 1/0').then(() => null, (e) => e);
    assert.deepEqual([error.code, error.severity, error.routine], ['22012', 'ERROR', 'int4div']);
    assert.deepEqual((await client.query('SELECT 1 AS a')).rows, [{ a: 1 }]);
  });
});

test('notices and notifications', async () => {
  await withClient(async (client) => {
    const notices = [];
    client.on('notice', (n) => notices.push(n.message));
    await client.query("DO $$ begin raise notice 'hello'; end $$");
    assert.deepEqual(notices, ['hello']);
    const heard = new Promise((resolve) => client.on('notification', resolve));
    await client.query('LISTEN js_news');
    await pool.query("NOTIFY js_news, 'extra'");
    const { channel, payload } = await heard;
    assert.deepEqual([channel, payload], ['js_news', 'extra']);
  });
});

test('a large result in small frames', async () => {
  const { rows } = await pool.query("SELECT i, repeat('x', 100) AS t FROM generate_series(1, 50000) i");
  assert.equal(rows.length, 50000);
  assert.deepEqual(rows[49999], { i: 50000, t: 'x'.repeat(100) });
});

test('a large parameter', async () => {
  const { rows } = await pool.query('SELECT length($1::text) AS n', ['y'.repeat(5_000_000)]);
  assert.deepEqual(rows, [{ n: 5_000_000 }]);
});

test('settings travel in options', async () => {
  const url = `${DATABASE_URL}?application_name=my%20app&options=${encodeURIComponent('-c work_mem=128kB')}`;
  await withClient(async (client) => {
    assert.equal((await client.query('SHOW application_name')).rows[0].application_name, 'my app');
    assert.equal((await client.query('SHOW work_mem')).rows[0].work_mem, '128kB');
  }, url);
});

test('wrong password and unknown database', async () => {
  const url = new URL(DATABASE_URL);
  url.password = 'wrong';
  for (const [connection, message] of [
    [url.href, "password authentication failed for user 'app'"],
    [DATABASE_URL.replace('/shop', '/nope'), 'database "nope" does not exist'],
  ]) {
    // With the password pipelined, connect() does not wait: the error comes to the first query or as an event.
    const client = new Client(connection);
    const errors = [];
    client.on('error', (e) => errors.push(e));
    const ended = new Promise((resolve) => client.once('end', resolve));
    await client.connect().then(() => client.query('SELECT 1')).catch((e) => errors.push(e));
    await ended;
    assert.ok(errors.some((e) => e.message === message && e.code === 'XX000'), String(errors));
  }
});

test('a session that PostgreSQL ends is reported', async () => {
  const client = new Client(DATABASE_URL);
  await client.connect();
  const errors = [];
  client.on('error', (e) => errors.push(e));
  const ended = new Promise((resolve) => client.once('end', resolve));
  const pid = (await client.query('SELECT pg_backend_pid() AS p')).rows[0].p;
  await pool.query('SELECT pg_terminate_backend($1)', [pid]);
  await ended;
  assert.ok(errors.length > 0);
});

test('SCRAM with PostgreSQL itself through the plain relay', async () => {
  const before = { ...neonConfig };
  neonConfig.wsProxy = proxy(PLAIN_GATEWAY_URL, '/v1');
  neonConfig.pipelineConnect = false;
  try {
    await withClient(async (client) => {
      assert.deepEqual((await client.query('SELECT current_user AS u')).rows, [{ u: 'app' }]);
    });
    const url = new URL(DATABASE_URL);
    url.password = 'wrong';
    const error = await withClient(() => null, url.href).then(() => null, (e) => e);
    assert.equal(error.code, '28P01');
  } finally {
    neonConfig.wsProxy = before.wsProxy;
    neonConfig.pipelineConnect = 'password';
  }
});
