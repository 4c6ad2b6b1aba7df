"""Random conversations with the driver and, by libpq, with the same PostgreSQL over TCP: each answer, and what is stored in
the end, must be the same. Over HTTP the driver may refuse a statement (TCP then does without it too) and may tell a
statement's error at the commit. A seed gives the same conversation each time."""

import contextlib
import os
import random
import re

import psycopg
import pyodbc
from psycopg import pq

IDLE, FAILED = pq.TransactionStatus.IDLE, pq.TransactionStatus.INERROR

SCHEMA = """
DROP SCHEMA IF EXISTS other CASCADE;
DROP TABLE IF EXISTS t, u, log, d, w, ser;
DROP SEQUENCE IF EXISTS sq;
CREATE SEQUENCE sq;
CREATE TABLE ser (id serial, a int);
CREATE SCHEMA other;
CREATE TABLE other.w (z int);
INSERT INTO other.w VALUES (2);
CREATE TABLE w (z int);
INSERT INTO w VALUES (1);
CREATE TABLE log (id int);
CREATE TABLE d (a int, b int, UNIQUE (a) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE t (id int PRIMARY KEY, n int, s text);
INSERT INTO t SELECT i, i * 10, 'r' FROM generate_series(1, 4) AS i;
CREATE OR REPLACE FUNCTION bump(i int) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN UPDATE t SET n = n + 100 WHERE id = i; RETURN i; END $$;
CREATE OR REPLACE PROCEDURE pr(i int) LANGUAGE sql AS $$ UPDATE t SET n = n + 1000 WHERE id = i $$;
"""

STORED = [
    "SELECT * FROM t ORDER BY id",
    "SELECT id FROM log ORDER BY id",
    "SELECT a, b FROM d ORDER BY a, b",
    "SELECT to_regclass('u')::text",
    "SELECT a FROM ser ORDER BY a",
]

# (how often, text with {k} a key and {v} a value, parameters: "k", "v", or the value itself)
STATEMENTS = [
    (8, "INSERT INTO t VALUES (?, ?, ?)", ("k", "v", "text")),
    (3, "INSERT INTO t VALUES ({k}, {v}, 'x') RETURNING id, n", ()),
    (5, "UPDATE t SET n = n + 1 WHERE id >= ?", ("k",)),
    (4, "DELETE FROM t WHERE id = ?", ("k",)),
    (3, "INSERT INTO t VALUES ({k}, {v}) ON CONFLICT (id) DO UPDATE SET n = excluded.n", ()),
    (8, "SELECT * FROM t", ()),
    (3, "SELECT count(*), sum(n) FROM t WHERE id < ?", ("k",)),
    (2, "SELECT 1 / 0", ()),
    (1, "SELECT broken FROM nowhere", ()),
    (1, "SELEC 1", ()),
    (2, "INSERT INTO t VALUES ({k}, 1); UPDATE t SET n = 5 WHERE id = {k}", ()),
    (2, "UPDATE t SET n = 7 WHERE id = {k}; SELECT n FROM t WHERE id = {k}", ()),
    (1, "SELECT 1 AS a; SELECT 2 AS b; SELECT 1 / 0; SELECT 3", ()),
    (1, "INSERT INTO t VALUES ({k}, 1); SELECT 1 / 0; INSERT INTO t VALUES ({v}, 1)", ()),
    (1, "BEGIN; INSERT INTO t VALUES ({k}, 1); COMMIT", ()),
    (4, "BEGIN", ()),
    (2, "COMMIT", ()),
    (2, "ROLLBACK", ()),
    (1, "COMMIT AND CHAIN", ()),
    (1, "ROLLBACK AND CHAIN", ()),
    (3, "SAVEPOINT a", ()),
    (3, "ROLLBACK TO a", ()),
    (1, "RELEASE a", ()),
    (1, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ()),
    (1, "SET TRANSACTION READ ONLY", ()),
    (1, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ", ()),
    (1, "SET CONSTRAINTS ALL IMMEDIATE", ()),
    (1, "SHOW transaction_isolation", ()),
    (1, "SHOW transaction_read_only", ()),
    (2, "SET search_path = other, public", ()),
    (1, "SET LOCAL search_path = other, public", ()),
    (1, "RESET search_path", ()),
    (3, "SHOW search_path", ()),
    (2, "SELECT * FROM w", ()),
    (1, "SET statement_timeout = '1min'", ()),
    (1, "SHOW statement_timeout", ()),
    (1, "SELECT set_config('application_name', 'x{k}', false)", ()),
    (1, "SHOW application_name", ()),
    (1, "DISCARD ALL", ()),
    (2, "CREATE TEMP TABLE IF NOT EXISTS tmp (a int)", ()),
    (2, "INSERT INTO tmp VALUES (1)", ()),
    (2, "SELECT count(*) FROM tmp", ()),
    (1, "DROP TABLE tmp", ()),
    (1, "CREATE TABLE u (a int)", ()),
    (1, "DROP TABLE u", ()),
    (1, "ALTER TABLE t ADD COLUMN extra int", ()),
    (1, "ALTER TABLE t DROP COLUMN extra", ()),
    (1, "DO $$ BEGIN INSERT INTO t VALUES ({k}, 9); EXCEPTION WHEN unique_violation THEN UPDATE t SET n = -1; END $$", ()),
    (1, "WITH x AS (DELETE FROM t WHERE id = {k} RETURNING *) INSERT INTO log SELECT id FROM x", ()),
    (1, "WITH x AS (DELETE FROM t WHERE id = {k} RETURNING *) SELECT * FROM x", ()),
    (1, "SELECT bump({k})", ()),
    (1, "CALL pr({k})", ()),
    (1, "SELECT id FROM t WHERE id = {k} FOR UPDATE", ()),
    (1, "LOCK TABLE log IN SHARE MODE", ()),
    (1, "PREPARE p AS SELECT count(*) FROM t", ()),
    (1, "EXECUTE p", ()),
    (1, "DEALLOCATE p", ()),
    (1, "DECLARE cu CURSOR FOR SELECT id FROM t ORDER BY id", ()),
    (1, "FETCH 2 FROM cu", ()),
    (1, "CLOSE cu", ()),
    (1, "SELECT pg_advisory_lock(1)", ()),
    (1, "SELECT pg_advisory_unlock(1)", ()),
    (1, "INSERT INTO d VALUES ({k}, {v})", ()),
    (1, "SELECT count(*) FROM log", ()),
    (1, "TRUNCATE log", ()),
    (1, "VACUUM log", ()),
    (1, "EXPLAIN (COSTS OFF) SELECT 1", ()),
    (1, "SELECT s FROM t WHERE s = ? OR ?::text IS NULL", ("text", None)),
    (1, "SELECT ?::int + n FROM t WHERE id = ?", ("v", "k")),
    (1, "SELECT nextval('sq')", ()),
    (1, "SELECT setval('sq', {v} + 1)", ()),
    (1, "SELECT currval('sq')", ()),
    (2, "INSERT INTO ser (a) VALUES ({v})", ()),
    (1, "INSERT INTO ser (a) VALUES ({v}) RETURNING id", ()),
    (1, "SELECT currval('ser_id_seq')", ()),
    (1, "SELECT lastval()", ()),
    (1, "SAVEPOINT b", ()),
    (1, "ROLLBACK TO b", ()),
    (1, "RELEASE b", ()),
    (1, "CREATE TEMP TABLE IF NOT EXISTS td (a int) ON COMMIT DELETE ROWS", ()),
    (1, "INSERT INTO td VALUES (1)", ()),
    (1, "SELECT count(*) FROM td", ()),
    (1, "SET search_path TO pg_temp, public", ()),
    (1, "SELECT set_config('search_path', 'other, public', true)", ()),
    (1, "SET TIME ZONE 'Asia/Tokyo'", ()),
    (1, "SELECT timestamptz '2024-01-01 00:00+00'::text", ()),
    (1, "SET statement_timeout = 20; SELECT pg_sleep(0.2)", ()),  # the error takes the setting back
    (1, "SET work_mem = '64kB'; SELECT current_setting('work_mem')", ()),
    (1, "RESET ALL", ()),
    (1, "SELECT repeat('é', 30000) || {v} AS big", ()),
    (1, "SELECT i, repeat('x', 50) FROM generate_series(1, 700) AS i", ()),
    (1, "DO $$ BEGIN RAISE WARNING 'w%', {k}; END $$", ()),
    (1, "DO $$ BEGIN RAISE EXCEPTION 'no'; END $$", ()),
    (1, "INSERT INTO t SELECT i, i FROM generate_series({k}, {k} + 2) AS i ON CONFLICT DO NOTHING RETURNING id", ()),
    (1, "UPDATE t SET n = n + 1 RETURNING id, n", ()),
    (
        1,
        "MERGE INTO t USING (VALUES ({k}, {v})) AS x (id, n) ON t.id = x.id WHEN MATCHED THEN UPDATE SET n = x.n "
        "WHEN NOT MATCHED THEN INSERT VALUES (x.id, x.n)",
        (),
    ),
    (1, "DECLARE ch CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY id", ()),
    (1, "FETCH 1 FROM ch", ()),
    (1, "CLOSE ch", ()),
    (1, "MOVE 1 IN cu", ()),
    (1, "LISTEN ch", ()),
    (1, "NOTIFY ch, 'x'", ()),
    (1, "UNLISTEN *", ()),
    (1, "PREPARE q(int) AS INSERT INTO t VALUES ($1, 1)", ()),
    (1, "EXECUTE q({k})", ()),
    (1, "DEALLOCATE ALL", ()),
]

# executed with an array of parameters
MANY = [
    ("INSERT INTO t VALUES (?, ?, ?)", ("k", "v", "text")),
    ("UPDATE t SET n = ? WHERE id = ?", ("v", "k")),
    ("DELETE FROM t WHERE id = ?", ("k",)),
    ("INSERT INTO d VALUES (?, ?)", ("k", "v")),
    ("INSERT INTO ser (a) VALUES (?)", ("v",)),
]

# read in pieces, while other statements run
OPEN = ["SELECT id, n FROM t ORDER BY id", "SELECT i, repeat('x', 40) FROM generate_series(1, 1500) AS i"]


def conversation(seed, length=25):
    """A list of ("autocommit", bool), ("end", "COMMIT" or "ROLLBACK"), ("sql", text, parameters),
    ("many", text, rows), ("open", which cursor, text) and ("fetch", which cursor, number of rows)."""
    rnd = random.Random(seed)
    steps = []
    for _ in range(length):
        what = rnd.random()
        if what < 0.05:
            steps.append(("autocommit", rnd.random() < 0.5))
        elif what < 0.10:
            steps.append(("end", rnd.choice(["COMMIT", "COMMIT", "ROLLBACK"])))
        elif what < 0.15:
            text, names = rnd.choice(MANY)
            values = {"k": lambda: rnd.randrange(1, 30), "v": lambda: rnd.randrange(100), "text": lambda: rnd.choice(["a", None])}
            steps.append(("many", text, [tuple(values[n]() for n in names) for _ in range(rnd.randrange(2, 6))]))
        elif what < 0.18:
            steps.append(("open", rnd.randrange(2), rnd.choice(OPEN)))
        elif what < 0.25:
            steps.append(("fetch", rnd.randrange(2), rnd.choice([1, 2, 600, 2000])))
        else:
            _, text, names = rnd.choices(STATEMENTS, [s[0] for s in STATEMENTS])[0]
            values = {"k": rnd.randrange(1, 9), "v": rnd.randrange(100), "text": rnd.choice(["a", "b", None])}
            text = text.replace("{k}", str(values["k"])).replace("{v}", str(values["v"]))
            steps.append(("sql", text, tuple(values.get(n, n) for n in names)))
    return steps


# An answer is a list of ("count", rows or None), ("rows", names, sorted rows) and ("error", state, message).


class Tcp:
    """libpq, with ODBC's manual commit: a transaction begins with the first statement."""

    ALONE = re.compile(r"BEGIN|(COMMIT|ROLLBACK)$|VACUUM|DISCARD")

    def __init__(self):
        self.c = pq.PGconn.connect(os.environ["NEON_TEST_PG_URL"].encode())
        self.auto = True
        self.cursors = {}

    def status(self):
        return self.c.transaction_status

    def _answer(self, result):
        if result.status == pq.ExecStatus.FATAL_ERROR:
            return ("error", result.error_field(pq.DiagnosticField.SQLSTATE).decode(), "")
        if result.status == pq.ExecStatus.TUPLES_OK:
            names = tuple(result.fname(i).decode() for i in range(result.nfields))
            cells = [[result.get_value(i, j) for j in range(result.nfields)] for i in range(result.ntuples)]
            rows = [tuple(None if c is None else c.decode() for c in row) for row in cells]
            return ("rows", names, sorted(rows, key=repr))
        return ("count", result.command_tuples)

    def sql(self, text, params):
        if not self.auto and self.status() == IDLE and not self.ALONE.match(text):
            self.c.exec_(b"BEGIN")
        if params:
            number = iter(range(1, 100))
            text = re.sub(r"\?", lambda m: f"${next(number)}", text)
            return [self._answer(self.c.exec_params(text.encode(), [None if p is None else str(p).encode() for p in params]))]
        self.c.send_query(text.encode())
        answers = []
        while (result := self.c.get_result()) is not None:
            answers.append(self._answer(result))
        return answers

    def many(self, text, rows):
        """All or none, where no transaction is open."""
        alone = self.auto and self.status() == IDLE
        if alone:
            self.c.exec_(b"BEGIN")
        for row in rows:
            answer = self.sql(text, row)
            if answer[0][0] == "error":
                break
        if alone:
            ended = self._answer(self.c.exec_(b"COMMIT"))
            answer = [ended] if ended[0] == "error" else answer
        return answer if answer[0][0] == "error" else [("count", None)]  # pyodbc tells no count

    def open(self, which, text):
        self.cursors.pop(which, None)
        answer = self.sql(text, ())
        if answer[0][0] != "rows":
            return answer
        self.cursors[which] = sorted(answer[0][2], key=lambda row: int(row[0]))
        return [("count", None)]

    def fetch(self, which, n):
        rows = self.cursors.get(which, [])
        self.cursors[which] = rows[n:]
        return [("rows", (), rows[:n])]

    def end(self, how):
        status = self.status()
        if status == IDLE:
            return [("count", None)]
        answer = self._answer(self.c.exec_(how.encode()))
        if how == "COMMIT" and status == FAILED:
            answer = ("error", "25S03", "")
        return [answer]

    def autocommit(self, on):
        answer = self.end("COMMIT") if on and not self.auto else [("count", None)]
        if answer[0][0] != "error":
            self.auto = on
        return answer

    def close(self):
        self.c.exec_(b"ROLLBACK")
        self.c.finish()


class Driver:
    def __init__(self, transport):
        self.c = pyodbc.connect(f"DSN=neon;Transport={transport}", autocommit=True)
        self.cursors = {}

    @staticmethod
    def _text(value):
        return {True: "t", False: "f"}[value] if isinstance(value, bool) else None if value is None else str(value)

    @staticmethod
    def _error(e):
        return ("error", e.args[0], str(e))

    def sql(self, text, params):
        answers = []
        cursor = self.c.cursor()
        try:
            cursor.execute(text, *params)
            while True:
                if cursor.description:
                    rows = [tuple(self._text(v) for v in row) for row in cursor.fetchall()]
                    answers.append(("rows", tuple(d[0] for d in cursor.description), sorted(rows, key=repr)))
                else:
                    answers.append(("count", cursor.rowcount))
                if not cursor.nextset():
                    break
        except pyodbc.Error as e:
            answers.append(self._error(e))
        with contextlib.suppress(pyodbc.Error):
            cursor.close()
        return answers

    def many(self, text, rows):
        cursor = self.c.cursor()
        cursor.fast_executemany = True
        try:
            cursor.executemany(text, rows)
        except pyodbc.Error as e:
            return [self._error(e)]
        finally:
            cursor.close()
        return [("count", None)]

    def open(self, which, text):
        self.cursors.pop(which, None)
        cursor = self.c.cursor()
        try:
            cursor.execute(text)
        except pyodbc.Error as e:
            return [self._error(e)]
        self.cursors[which] = cursor
        return [("count", None)]

    def fetch(self, which, n):
        if which not in self.cursors:
            return [("rows", (), [])]
        try:
            return [("rows", (), [tuple(self._text(v) for v in row) for row in self.cursors[which].fetchmany(n)])]
        except pyodbc.Error as e:
            return [self._error(e)]

    def end(self, how):
        try:
            self.c.commit() if how == "COMMIT" else self.c.rollback()
        except pyodbc.Error as e:
            return [self._error(e)]
        return [("count", None)]

    def autocommit(self, on):
        try:
            self.c.autocommit = on
        except pyodbc.Error as e:
            return [self._error(e)]
        return [("count", None)]

    def close(self):
        self.end("ROLLBACK")
        self.c.close()


# ODBC's states for the server's
STATES = {"42S02": "42P01", "42S01": "42P07", "42S22": "42703", "42S21": "42701", "HY008": "57014", "HYT00": "57014"}


def plain(answers):
    return [(a[0], STATES.get(a[1], a[1])) if a[0] == "error" else a if a[0] == "rows" else ("count",) for a in answers]


def counts_agree(ours, theirs):
    pairs = [(a[1], b[1]) for a, b in zip(ours, theirs) if a[0] == "count" == b[0]]
    return all(b is None or a == b or (a == -1 and b in (None, 0)) for a, b in pairs)


def is_refusal(answers):
    """The driver's own refusal: without a request, or of a read that turned out to write."""
    a = answers[-1]
    refusal = a[0] == "error" and a[1] in ("HYC00", "25000", "25006") and "REQUEST:" not in a[2]
    return len(answers) == 1 and (refusal or (a[0] == "error" and "The transaction goes on." in a[2]))


def agree(transport, step, ours, theirs, before, after):
    """True, False, or None when nothing can be compared behind this step. before, after: TCP's transaction."""
    mine, its = plain(ours), plain(theirs)
    text = step[1] if step[0] in ("sql", "many") else ""
    if transport == "auto" and mine == [("error", "55000")] and ("currval" in text or "lastval" in text):
        return None if after != IDLE else True  # the value came over HTTP; inside a transaction only one of both has failed
    if transport == "http" and re.search("nextval|setval|RETURNING", text) and mine[0][0] == its[0][0]:
        return True  # reads in a transaction take values too, which are not given back
    if "AND CHAIN" in text and before == FAILED:
        return None  # modes of a failed transaction: PostgreSQL drops them, the driver keeps them
    if mine == [("error", "25S03")] and before == FAILED and text.startswith("COMMIT"):
        return True  # TCP answers "ROLLBACK" to COMMIT
    if text.startswith("SET TRANSACTION") and mine == [("error", "25001")] and transport != "websocket":
        return None  # to the driver, SHOW is a query before it too
    if mine == [("error", "25P02")] and before == FAILED:
        return True
    if len(its) > 1 and its[-1][0] == "error" and len(mine) == 1:
        its = its[-1:]  # a text that fails gives nothing
    if transport == "http" and text.startswith("ROLLBACK TO") and before == FAILED and mine != its:
        return None  # the driver does not know yet what failed, and took other savepoints away
    if transport == "http":
        if FAILED in (before, after) or (mine[-1][0] == its[-1][0] == "error"):
            return True  # told at the commit
        return mine == its or (mine == [("count",)] and set(its) == {("count",)})
    if mine != its and its == [("error", "25001")] and transport != "http":
        return None  # reads before went over HTTP, or COMMIT AND CHAIN has not sent its BEGIN yet: it still comes first
    return mine == its and counts_agree(ours, theirs)


def play(who, steps, without=frozenset()):
    """[(answers, TCP's transaction behind it)]; None where the step is left out."""
    out = []
    for i, step in enumerate(steps):
        if i in without:
            out.append(None)
            continue
        answers = getattr(who, step[0])(*step[1:])
        out.append((answers, who.status() if isinstance(who, Tcp) else None))
    who.close()
    return out


def difference(transport, seed):
    """None, or what differs, as text."""
    steps = conversation(seed)
    with psycopg.connect(os.environ["NEON_TEST_PG_URL"], autocommit=True) as admin:
        admin.execute(SCHEMA)
        ours = play(Driver(transport), steps)
        stored = [admin.execute(q).fetchall() for q in STORED]
        admin.execute(SCHEMA)
        refused = {i for i, o in enumerate(ours) if transport == "http" and is_refusal(o[0])}
        theirs = play(Tcp(), steps, refused)
        expected = [admin.execute(q).fetchall() for q in STORED]
    before = IDLE
    for i, (mine, its) in enumerate(zip(ours, theirs)):
        if its is None:
            continue
        same = agree(transport, steps[i], mine[0], its[0], before, its[1])
        if same is None:
            return None
        if not same:
            return f"{transport}, seed {seed}, step {i}: {steps[i]}: {mine[0]}, over TCP {its[0]}"
        before = its[1]
    if stored != expected:
        return f"{transport}, seed {seed}: stored {stored}, over TCP {expected}"
    return None


def check(transport, seeds):
    found = [d for d in (difference(transport, seed) for seed in seeds) if d is not None]
    assert not found, "\n".join(found)
