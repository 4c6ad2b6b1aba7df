"""Result objects: commands and counts (protocol 4.1), rows (4.2), typed values (4.3), escapes (4.4)."""

import pytest


@pytest.mark.parametrize(
    "sql,command,count",
    [
        ("SELECT generate_series(1, 3)", "SELECT", 3),
        ("SHOW server_version", "SHOW", None),
        ("EXPLAIN SELECT 1", "EXPLAIN", None),
        ("VALUES (1), (2)", "SELECT", 2),
        ("CREATE TABLE t1(a int)", "CREATE", None),
        ("INSERT INTO t1 SELECT generate_series(1, 3)", "INSERT", 3),
        ("UPDATE t1 SET a = a WHERE a > 100", "UPDATE", 0),
        ("UPDATE t1 SET a = a + 1", "UPDATE", 3),
        ("DELETE FROM t1 WHERE a = 2", "DELETE", 1),
        ("CREATE TABLE t2 AS SELECT 1 AS a", "SELECT", 1),
        ("WITH x AS (DELETE FROM t1 RETURNING *) SELECT count(*) FROM x", "SELECT", 1),
        ("SET search_path = public", "SET", None),
        ("BEGIN", "BEGIN", None),
        ("START TRANSACTION", "START", None),
        ("COMMIT", "COMMIT", None),
        ("VACUUM t1", "VACUUM", None),
        ("DO $$ begin end $$", "DO", None),
        ("NOTIFY x", "NOTIFY", None),
        ("DISCARD ALL", "DISCARD", None),
        ("DROP TABLE t1, t2", "DROP", None),
    ],
)
def test_command_and_row_count(gateway, sql, command, count):
    answer = gateway.query(sql)
    assert answer.status == 200, answer.text
    assert (answer.json["command"], answer.json["rowCount"]) == (command, count)


def test_cursor_commands_in_a_batch(gateway):
    answer = gateway.batch(
        "DECLARE c SCROLL CURSOR FOR SELECT generate_series(1, 9) AS a",
        "FETCH 2 FROM c",
        "MOVE 4 FROM c",
        "FETCH 1 FROM c",
        "CLOSE c",
        "PREPARE p AS SELECT $1::int AS a",
        "EXECUTE p(5)",
        "DEALLOCATE p",
    )
    results = answer.json["results"]
    assert [(r["command"], r["rowCount"]) for r in results] == [
        ("DECLARE", None),
        ("FETCH", 2),
        ("MOVE", 4),
        ("FETCH", 1),
        ("CLOSE", None),
        ("PREPARE", None),
        ("SELECT", 1),
        ("DEALLOCATE", None),
    ]
    assert [r["rows"] for r in results if r["rows"]] == [[{"a": 1}, {"a": 2}], [{"a": 7}], [{"a": 5}]]


def test_zero_columns(gateway):
    assert '"rows":[{},{}]' in gateway.query("SELECT FROM generate_series(1, 2)").text
    assert '"fields":[],"rows":[[],[]]' in gateway.query("SELECT FROM generate_series(1, 2)", array=True).text


def test_null_in_every_mode(gateway):
    for flags in ({}, {"raw": True}):
        assert gateway.query("SELECT NULL::int AS a, NULL::text[] AS b, ''::text AS c", **flags).rows == [
            {"a": None, "b": None, "c": ""}
        ]


TYPED = [
    ("true", "true"),
    ("'f'::bool", "false"),
    ("(-32768)::int2", "-32768"),
    ("2147483647", "2147483647"),
    ("9223372036854775807", '"9223372036854775807"'),
    ("1::oid", '"1"'),
    ("1.50::numeric", '"1.50"'),
    ("0.1::float4", "0.1"),
    ("1::float8", "1.0"),
    ("0::float8", "0.0"),
    ("'-0'::float8", "-0.0"),
    ("1e16::float8", "1e16"),
    ("1e15::float8", "1000000000000000.0"),
    ("1.7976931348623157e308::float8", "1.7976931348623157e308"),
    ("5e-324::float8", "5e-324"),
    ("'NaN'::float8", '"NaN"'),
    ("'Infinity'::float4", '"Infinity"'),
    ("'-Infinity'::float8", '"-Infinity"'),
    ('\'{"b": 1,  "a":2, "a": 12345678901234567890.10}\'::json', '{"b": 1,  "a":2, "a": 12345678901234567890.10}'),
    ("'[1,2]'::jsonb", "[1, 2]"),
    ("'null'::jsonb", "null"),
    ("'x'::char", '"x"'),
    ("'\\x01ff'::bytea", '"\\\\x01ff"'),
    ("date '2024-02-29'", '"2024-02-29"'),
    ("'1.5'::money", '"$1.50"'),
    ("int4range(1, 5)", '"[1,5)"'),
    ("row(1, 'a b')", '"(1,\\"a b\\")"'),
    ("pg_notify('a', 'b')", '""'),
    ("'{1,NULL,3}'::int[]", "[1,null,3]"),
    ("'{{1,2},{3,4}}'::int2[]", "[[1,2],[3,4]]"),
    ("'[2:3]={7,8}'::int[]", "[7,8]"),
    ("'{t,f}'::bool[]", "[true,false]"),
    ("'{1.5,NaN}'::float8[]", '[1.5,"NaN"]'),
    ("'{9223372036854775807}'::int8[]", '["9223372036854775807"]'),
    ("ARRAY['a,b', 'c\"d', 'e\\f', NULL, 'NULL', '', ' x']", '["a,b","c\\"d","e\\\\f",null,"NULL",""," x"]'),
    ("ARRAY['{\"a\": \"x,y\"}'::jsonb, '1']", '[{"a": "x,y"},1]'),
    ("'{2024-01-01}'::date[]", '["2024-01-01"]'),
    ("ARRAY[int4range(1, 5)]", '["[1,5)"]'),
]


@pytest.mark.parametrize("expression,expected", TYPED, ids=[t[0][:40] for t in TYPED])
def test_typed_value(gateway, expression, expected):
    answer = gateway.query(f"SELECT {expression} AS v", array=True)
    assert f'"rows":[[{expected}]]' in answer.text


# What the real endpoint gets wrong, and what --lenient makes of it (13.1 #19). None: 500.
BUGS = [
    ("'{}'::int[]", None, "[]"),
    ("'{}'::float8[]", None, "[]"),
    ("'{}'::text[]", '[""]', "[]"),
    ("'{}'::int8[]", '[""]', "[]"),
    ("'{}'::numeric[]", '[""]', "[]"),
    ("'{}'::bool[]", "[false]", "[]"),
    ("'{}'::jsonb[]", "[]", "[]"),
    ("'1 2'::int2vector", None, "[1,2]"),
    ("'1 2'::oidvector", None, '["1","2"]'),
    ("''::oidvector", None, "[]"),
    ("'{(1,1),(0,0);(3,3),(2,2)}'::box[]", '["(1","1)","(0","0);(3","3)","(2","2)"]', '["(1,1),(0,0)","(3,3),(2,2)"]'),
]


@pytest.fixture(scope="module")
def lenient_gateway(start):
    return start("--control", "--lenient")


@pytest.mark.parametrize("expression,faithful,lenient", BUGS, ids=[b[0][:30] for b in BUGS])
def test_typed_bugs(gateway, lenient_gateway, expression, faithful, lenient):
    sql = f"SELECT {expression} AS v"
    answer = gateway.query(sql, array=True)
    if faithful is None:
        assert (answer.status, answer.json["message"]) == (500, "could not parse postgres response")
        assert (answer.json["code"], answer.json["severity"]) == ("", "")
    else:
        assert f'"rows":[[{faithful}]]' in answer.text
    assert f'"rows":[[{lenient}]]' in lenient_gateway.query(sql, array=True).text
    assert gateway.query(sql, raw=True, array=True).status == 200


def test_custom_types(gateway, pg):
    pg.run(
        "drop type if exists mood, pair cascade; drop domain if exists posint cascade;"
        "create type mood as enum ('sad', 'very happy'); create domain posint as int check (value > 0);"
        "create type pair as (a int, b text)",
        role="app",
    )
    sql = (
        "SELECT 'sad'::mood AS e, ARRAY['sad', 'very happy']::mood[] AS ea, 5::posint AS d, "
        "ARRAY[row(1,'x')::pair] AS ca, $1::text AS p, ARRAY[5]::posint[] AS da"
    )
    for _ in range(2):  # the second time from the connection's cache
        answer = gateway.query(sql, ["still bound"], pool=True)
        assert answer.rows == [
            {"e": "sad", "ea": ["sad", "very happy"], "d": 5, "ca": ["(1,x)"], "p": "still bound", "da": ["5"]}
        ]
    assert answer.json["fields"][2]["dataTypeID"] == 23, "PostgreSQL reports a domain as its base type"
    batch = gateway.batch({"query": sql, "params": ["in a batch"]}, "SELECT 1 AS one").json["results"]
    assert batch[0]["rows"][0]["ea"] == ["sad", "very happy"]
    assert batch[1]["rows"] == [{"one": 1}]


def test_string_escapes(gateway):
    controls = "".join(chr(c) for c in range(1, 32))
    text = controls + "\"\\/\x7fé€😀\u2028"
    answer = gateway.query("SELECT $1::text", [text], raw=True, array=True)
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"}
    expected = "".join(short.get(c, f"\\u{c:04x}") for c in range(1, 32)) + '\\"\\\\/\x7fé€😀\u2028'
    assert f'"rows":[["{expected}"]]' in answer.text
    assert answer.value == text
    assert f'{{"name":"{expected}",' not in answer.text
    label = 'a"b\\c\té'
    quoted = label.replace('"', '""')
    answer = gateway.query(f'SELECT 1 AS "{quoted}"')
    assert answer.rows == [{label: 1}]
    assert answer.json["fields"][0]["name"] == label


@pytest.mark.parametrize("length", list(range(0, 40)))
def test_string_escape_at_every_position(gateway, length):
    """The writer scans eight bytes at a time: a special byte must be seen wherever it stands."""
    texts = ["x" * length + special + "y" * 9 for special in ('"', "\\", "\n", "é", "\x1f", "\x7f")]
    assert gateway.query("SELECT unnest($1::text[])", [to_array(texts)], raw=True, array=True).rows == [[t] for t in texts]


def to_array(texts):
    return "{" + ",".join('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in texts) + "}"


def test_bytes_that_are_not_utf8(gateway, pg):
    pg.run("drop database if exists latin", database="postgres")
    pg.run("create database latin encoding 'SQL_ASCII' template template0 locale 'C' owner app", database="postgres")
    from conftest import connection_string

    conn = connection_string(database="latin")
    for flags in ({}, {"raw": True}):
        answer = gateway.query("SELECT E'\\xe9'", conn=conn, **flags)
        assert (answer.status, answer.json["message"]) == (500, "could not parse postgres response")
        assert gateway.query("SELECT 'plain'", conn=conn, **flags).status == 200
    gateway.close_idle()
    pg.run("drop database latin", database="postgres")


def test_fields_describe_table_columns(gateway, pg):
    fields = gateway.query("SELECT id, name, country, credit FROM customers LIMIT 0").json["fields"]
    oid = int(pg.run("select 'customers'::regclass::oid"))
    assert [f["tableID"] for f in fields] == [oid] * 4
    assert [f["columnID"] for f in fields] == [1, 2, 4, 5]
    assert [f["dataTypeModifier"] for f in fields] == [-1, 84, 6, (12 << 16 | 2) + 4]
    assert [f["dataTypeSize"] for f in fields] == [4, -1, -1, -1]
    assert [list(f) for f in fields] == [
        ["name", "dataTypeID", "tableID", "columnID", "dataTypeSize", "dataTypeModifier", "format"]
    ] * 4


def test_notices_never_appear(gateway):
    answer = gateway.query("DO $$ begin raise warning 'hidden'; end $$")
    assert answer.status == 200
    assert "hidden" not in answer.text
