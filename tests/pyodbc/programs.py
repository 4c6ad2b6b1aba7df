"""What programs do with pyodbc, against the DSN "neon" of tests/with-services.sh. Prints TAP."""

import contextlib
import datetime as dt
import decimal
import json
import os
import traceback
import urllib.request
import uuid

import pyodbc
import same_as_tcp

TESTS = []


def test(function):
    TESTS.append(function)
    return function


@contextlib.contextmanager
def connection(autocommit=True, more="", **options):
    c = pyodbc.connect("DSN=neon;" + more, autocommit=autocommit, **options)
    try:
        yield c
    finally:
        with contextlib.suppress(pyodbc.Error):
            c.rollback()
        c.close()


def requests():
    with urllib.request.urlopen(os.environ["NEON_TEST_GATEWAY_URL"] + "/_gateway/stats") as answer:
        return json.load(answer)["requests"]


def table(c, columns="id int, t text"):
    c.execute("DROP TABLE IF EXISTS py")
    c.execute(f"CREATE TABLE py ({columns})")


def raises(kind, call, *args):
    try:
        call(*args)
    except kind as e:
        return e
    raise AssertionError(f"no {kind.__name__}")


# ---- types that the server cannot infer, with the types that Python people use ----

NOW = dt.datetime(2024, 2, 29, 10, 11, 12, 345678)

# text, parameters, the value that comes back
INFERENCE = [
    ("SELECT ?", ["x"], "x"),
    ("SELECT ? + ?", [1, 2], 3),
    ("SELECT ? + ?", [1.5, 2], 3.5),
    ("SELECT ? + ?", [decimal.Decimal("1.10"), 2], decimal.Decimal("3.10")),
    ("SELECT ? || ?", ["a", "b"], "ab"),
    ("SELECT date_trunc('day', ?)", [NOW], dt.datetime(2024, 2, 29)),
    ("SELECT extract(year FROM ?)::int", [NOW], 2024),
    ("SELECT extract(year FROM ?)::int", [NOW.date()], 2024),
    ("SELECT ? - interval '1 day'", [NOW], NOW - dt.timedelta(days=1)),
    ("SELECT count(*) FROM orders WHERE ordered_on > ? - interval '1 day'", [dt.datetime(2100, 1, 1)], 0),
    ("SELECT count(*) FROM customers WHERE created_at > ? - interval '1 day'", [dt.datetime(2100, 1, 1)], 0),
    ("SELECT jsonb_build_object('a', ?)::text", ["x"], '{"a": "x"}'),
    ("SELECT jsonb_build_object('a', ?)::text", [1], '{"a": 1}'),
    ("SELECT jsonb_build_object('a', ?)::text", [None], '{"a": null}'),
    ("SELECT jsonb_build_array(?, ?, ?)::text", ["x", 2, None], '["x", 2, null]'),
    ("SELECT ? IS NULL", [None], True),
    ("SELECT ? IS NULL", ["x"], False),
    ("SELECT ? IS NOT NULL AND ? IS NULL", [1, None], True),
    ("SELECT CASE WHEN ? IS NOT NULL THEN 1 ELSE 2 END", [None], 2),
    ("SELECT count(*) FROM (SELECT 1 FROM customers LIMIT ?) x", [5], 5),
    ("SELECT count(*) FROM (SELECT 1 FROM customers LIMIT ? OFFSET ?) x", [5, 198], 2),
    ("SELECT count(*) FROM customers WHERE id = ?", ["7"], 1),
    ("SELECT count(*) FROM customers WHERE id = ?", [7], 1),
    ("SELECT count(*) FROM customers WHERE id = ?", [7.0], 1),
    ("SELECT count(*) FROM customers WHERE ? IS NULL OR id = ?", [None, 7], 200),
    ("SELECT count(*) FROM customers WHERE note LIKE ? || '%'", ["prefers"], 1),
    ("SELECT count(*) FROM customers WHERE active = ?", [True], None),
    ("SELECT left('abcdef', ?)", [2], "ab"),
    ("SELECT coalesce(?, 5)", [None], 5),
    ("SELECT concat('a', ?, 'b')", ["-"], "a-b"),
    ("SELECT format('%s', ?)", ["x"], "x"),
    ("SELECT (? || 'b') = 'ab'", ["a"], True),
    ("SELECT pg_typeof(?)::text", [b"ab"], "bytea"),
    ("SELECT length(?)", [b"\x00\xff"], 2),
    ("SELECT ? = ANY('{1,2}'::int[])", [2], True),
    ("SELECT ? IN ('a', 'b')", ["b"], True),
    ("SELECT greatest(?, ?)", [3, 4], 4),
    ("SELECT count(*) FROM generate_series(1, ?)", [4], 4),
    ("SELECT ?::int + 1", ["41"], 42),
    ("SELECT CAST(? AS date)", ["2024-02-29"], dt.date(2024, 2, 29)),
    ("SELECT {fn CONVERT(?, SQL_BIGINT)}", [7], 7),
    ("SELECT upper(?)", ["zoë"], "ZOË"),
    ("SELECT ?::uuid", [uuid.UUID(int=5)], str(uuid.UUID(int=5))),
]


@test
def parameters_of_every_kind_are_understood():
    with connection() as c:
        for sql, parameters, expected in INFERENCE:
            try:
                got = c.execute(sql, parameters).fetchval()
            except pyodbc.Error as e:
                raise AssertionError(f"{sql} {parameters}: {e}") from e
            if expected is not None:
                assert got == expected, f"{sql} {parameters}: {got!r}, expected {expected!r}"


@test
def and_in_a_transaction_too():
    with connection(autocommit=False) as c:
        for sql, parameters, expected in INFERENCE:
            try:
                got = c.execute(sql, parameters).fetchval()
            except pyodbc.Error as e:
                raise AssertionError(f"{sql} {parameters}: {e}") from e
            assert expected is None or got == expected, f"{sql}: {got!r}"


@test
def writes_that_wait_have_types_too():
    with connection(autocommit=False) as c:
        table(c, "id int, j jsonb, t text")
        c.commit()
        c.execute("INSERT INTO py (id, t) VALUES (?, ?)", 1, None)
        c.execute("UPDATE py SET j = jsonb_build_object('k', ?) WHERE id = ?", "v", 1)
        c.execute("UPDATE py SET t = 'null' WHERE ? IS NULL", None)
        c.commit()
        assert tuple(c.execute("SELECT j ->> 'k', t FROM py").fetchone()) == ("v", "null")


@test
def the_first_complaint_stands():
    with connection() as c:
        e = raises(pyodbc.Error, c.execute, "SELECT ? + ?", "a", "b")
        assert "42725" in str(e) or "42883" in str(e), e
        assert c.execute("SELECT 1").fetchval() == 1


# ---- executemany ----

def rows(n):
    return [
        (i, f"Zeile {i} ü", i * 1.5, decimal.Decimal(i) + decimal.Decimal("0.25"), NOW + dt.timedelta(microseconds=i), i % 2 == 0, None)
        for i in range(n)
    ]


COLUMNS = "id int primary key, t text, f float8, n numeric(10,2), ts timestamp, b bool, o text"
INSERT = "INSERT INTO py VALUES (?, ?, ?, ?, ?, ?, ?)"


def executemany(fast, autocommit):
    with connection(autocommit=autocommit) as c:
        table(c, COLUMNS)
        c.commit()
        cursor = c.cursor()
        cursor.fast_executemany = fast
        n = 5000 if fast else 50
        before = requests()
        cursor.executemany(INSERT, rows(n))
        if fast:
            assert requests() - before <= 3, requests() - before
        c.commit()
        got = c.execute("SELECT * FROM py ORDER BY id").fetchall()
        assert [tuple(r) for r in got] == rows(n)


@test
def executemany_row_by_row():
    executemany(False, True)


@test
def executemany_row_by_row_in_a_transaction():
    executemany(False, False)


@test
def executemany_as_arrays():
    executemany(True, True)


@test
def executemany_as_arrays_in_a_transaction():
    executemany(True, False)


@test
def a_bad_row_of_an_array_is_named_and_nothing_stays():
    with connection() as c:
        table(c, COLUMNS)
        cursor = c.cursor()
        cursor.fast_executemany = True
        data = rows(1000)
        data[700] = (3, *data[700][1:])
        e = raises(pyodbc.IntegrityError, cursor.executemany, INSERT, data)
        assert "Row 701 of the array failed" in str(e), e
        assert c.execute("SELECT count(*) FROM py").fetchval() == 0


@test
def long_values_of_an_array_are_sent_at_execution():
    with connection() as c:
        table(c, "id int, t text, b bytea")
        cursor = c.cursor()
        cursor.fast_executemany = True
        data = [(i, "ä" * (i * 10000), bytes(range(256)) * i * 20) for i in range(1, 20)]
        cursor.executemany("INSERT INTO py VALUES (?, ?, ?)", data)
        got = c.execute("SELECT id, t, b FROM py ORDER BY id").fetchall()
        assert [tuple(r) for r in got] == data


@test
def arrays_of_updates_and_deletes():
    with connection() as c:
        table(c)
        cursor = c.cursor()
        cursor.fast_executemany = True
        cursor.executemany("INSERT INTO py VALUES (?, ?)", [(i, "a") for i in range(100)])
        cursor.executemany("UPDATE py SET t = ? WHERE id = ?", [(f"u{i}", i) for i in range(100)])
        cursor.executemany("DELETE FROM py WHERE id = ?", [(i,) for i in range(50)])
        assert tuple(c.execute("SELECT count(*), min(t) FROM py").fetchone()) == (50, "u50")


@test
def arrays_whose_types_the_server_cannot_know():
    with connection() as c:
        table(c, "id int, j jsonb")
        cursor = c.cursor()
        cursor.fast_executemany = True
        cursor.executemany("INSERT INTO py SELECT ?, jsonb_build_object('k', ?)", [(i, f"v{i}") for i in range(20)])
        assert c.execute("SELECT count(*) FROM py WHERE j ->> 'k' = 'v' || id").fetchval() == 20


# ---- values and limits ----

@test
def long_values_go_in_pieces():
    with connection() as c:
        table(c, "t text, b bytea")
        text, blob = "x€" * 300000, os.urandom(1 << 20)
        c.execute("INSERT INTO py VALUES (?, ?)", text, blob)
        assert tuple(c.execute("SELECT t, b FROM py").fetchone()) == (text, blob)


@test
def bits_of_any_length_go_in_and_out():
    with connection() as c:
        table(c, "b bit(5), v varbit")
        cursor = c.cursor()
        cursor.fast_executemany = True
        cursor.executemany("INSERT INTO py VALUES (?, ?)", [("10101", "1" * 100), ("00000", "")])
        assert [tuple(r) for r in c.execute("SELECT b, v FROM py ORDER BY b")] == [("00000", ""), ("10101", "1" * 100)]
        row = c.execute("SELECT B'10101' AS literal, b FROM py")
        assert row.description[0][3] >= 5 and row.description[1][3] == 5, row.description


@test
def copy_takes_its_data_as_the_parameter():
    for autocommit in (True, False):
        with connection(autocommit) as c:
            table(c)
            c.commit()
            cursor = c.execute("COPY py FROM STDIN", "1\tone\n2\t€\n")
            assert cursor.rowcount == 2 and cursor.description is None
            cursor.execute("COPY py FROM STDIN WITH (FORMAT csv)", b"3,x\xe2\x82\xac\n")
            cursor.execute("COPY py FROM STDIN", "")
            assert cursor.rowcount == 0
            long = "".join(f"{n}\t{'y' * 1000}😀\n" for n in range(4, 20004))  # goes in pieces
            assert cursor.execute("COPY py FROM STDIN", long).rowcount == 20000
            assert cursor.execute("COPY py FROM STDIN", long.encode()).rowcount == 20000
            c.commit()
            row = c.execute("SELECT count(*), max(length(t)), max(t) FILTER (WHERE id = 3) FROM py").fetchone()
            assert tuple(row) == (40003, 1001, "x€"), row
            e = raises(pyodbc.Error, cursor.execute, "COPY py FROM STDIN", "x\ty\n")
            assert e.args[0] == "22018", e
            c.rollback()
            assert raises(pyodbc.Error, cursor.execute, "COPY py FROM STDIN").args[0] == "07002"
            assert raises(pyodbc.Error, cursor.execute, "COPY py FROM STDIN", None).args[0] == "HY020"
            assert [row[0] for row in c.execute("COPY (SELECT 1, 'a' UNION ALL SELECT 2, 'b') TO STDOUT")] == ["1\ta\n", "2\tb\n"]


# ---- random conversations: answers and effects as over TCP ----

SEEDS = range(1, int(os.environ.get("NEON_TEST_SEEDS", "60")) + 1)


@test
def conversations_over_http_are_those_over_tcp():
    same_as_tcp.check("http", SEEDS)


@test
def conversations_with_auto_are_those_over_tcp():
    same_as_tcp.check("auto", SEEDS)


@test
def conversations_over_websocket_are_those_over_tcp():
    same_as_tcp.check("websocket", SEEDS)


@test
def too_many_parameters_are_refused_at_once():
    with connection() as c:
        n = 32767
        assert c.execute("SELECT count(*) FROM (VALUES " + ",".join(["(?)"] * n) + ") v", list(range(n))).fetchval() == n
        before = requests()
        e = raises(pyodbc.Error, c.execute, "SELECT 1 WHERE 1 IN (" + ",".join(["?"] * 70000) + ")", list(range(70000)))
        assert "32767" in str(e), str(e)[:300]
        assert requests() == before
        assert c.execute("SELECT 1").fetchval() == 1


def main():
    print(f"1..{len(TESTS)}")
    failures = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # noqa: BLE001
            failures += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().strip()[-3000:].replace("\n", "\n# "), flush=True)
    return failures > 0


if __name__ == "__main__":
    raise SystemExit(main())
