"""Request bodies: shape (protocol 3.1), execution (3.2) and the conversion of parameters (3.3)."""

import json

import pytest

# JSON of one parameter -> the text PostgreSQL receives
CONVERSIONS = [
    ("null", None),
    ("true", "true"),
    ("false", "false"),
    ("0", "0"),
    ("42", "42"),
    ("-42", "-42"),
    ("9007199254740993", "9007199254740993"),
    ("18446744073709551615", "18446744073709551615"),
    ("18446744073709551616", "1.8446744073709552e19"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("-9223372036854775809", "-9.223372036854776e18"),
    ("12345678901234567890123", "1.2345678901234568e22"),
    ("1.10", "1.1"),
    ("1.0", "1.0"),
    ("1e2", "100.0"),
    ("1E+2", "100.0"),
    ("1e15", "1000000000000000.0"),
    ("1e16", "1e16"),
    ("1.5e-5", "0.000015"),
    ("1e-5", "0.00001"),
    ("1e-6", "1e-6"),
    ("1.25e-7", "1.25e-7"),
    ("-0", "-0.0"),
    ("-0.0", "-0.0"),
    ("0.1", "0.1"),
    ("0.30000000000000004", "0.30000000000000004"),
    ("5e-324", "5e-324"),
    ("1e-400", "0.0"),
    ("123456.789", "123456.789"),
    ('""', ""),
    ('"NULL"', "NULL"),
    ('"q\\"\\n\\u0041\\ud83d\\ude00/\\/"', 'q"\nA😀//'),
    ("{}", "{}"),
    ('{"b":1,"a":[null,1.10,-0]}', '{"a":[null,1.1,-0.0],"b":1}'),
    ('{"b":1, "a" : 2, "b":3}', '{"a":2,"b":3}'),
    ('{"\\u00e9":"\\u0001\\n","Z":{"y":1,"x":2}}', '{"Z":{"x":2,"y":1},"é":"\\u0001\\n"}'),
    ("[]", "{}"),
    ("[[],[]]", "{{},{}}"),
    ('[1,"NULL",null,[true]]', '{1,"NULL",NULL,{true}}'),
    ('["a\\"b\\\\c"]', '{"a\\"b\\\\c"}'),
    ('[{"foo":1}]', '{"{\\"foo\\":1}"}'),
    ("[1.10,1e2,-5]", "{1.1,100.0,-5}"),
    ('["x,y","{z}",""]', '{"x,y","{z}",""}'),
    ('["line\\nbreak"]', '{"line\\nbreak"}'),
]


@pytest.mark.parametrize("text,expected", CONVERSIONS, ids=[c[0][:30] for c in CONVERSIONS])
def test_parameter_conversion(gateway, text, expected):
    body = f'{{"query":"SELECT $1::text","params":[{text}]}}'
    assert gateway.post(body, raw=True, array=True).value == expected


def test_array_escape_bug_is_kept(gateway):
    """JSON escapes are not array escapes: a newline in an element arrives as the letter n (3.3)."""
    body = {"query": "SELECT ($1::text[])[1]", "params": [["a\nb\tc\u0001"]]}
    assert gateway.post(body, raw=True, array=True).value == "anbtcu0001"


def body_error(answer):
    assert answer.status == 400
    prefix = "could not parse the HTTP request body: "
    assert answer.json["message"].startswith(prefix)
    assert answer.json["code"] == ""
    assert len(answer.json) == 17
    return answer.json["message"][len(prefix) :]


@pytest.mark.parametrize(
    "body,tail",
    [
        (b"", "EOF while parsing a value at line 1 column 0"),
        (b"x", "expected value at line 1 column 1"),
        (b'{"query":"a"', "EOF while parsing an object at line 1 column 12"),
        (b'{"query":"a', "EOF while parsing a string at line 1 column 11"),
        (b'{"query":"SELECT 1"} x', "trailing characters at line 1 column 22"),
        (b'{"query":"SELECT 1",}', "trailing comma at line 1 column 21"),
        (b'{"query":\n"SELECT 1" "x"}', "expected `,` or `}` at line 2 column 12"),
        (b'{query:"SELECT 1"}', "key must be a string at line 1 column 2"),
        (b'{"query" "SELECT 1"}', "expected `:` at line 1 column 10"),
        (b'{"query":"a\nb"}', "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0"),
        (b'{"query":"\\x"}', "invalid escape at line 1 column 12"),
        (b'{"query":"\xff"}', "invalid unicode code point at line 1 column 11"),
        (b'{"query":"\xed\xa0\x80"}', "invalid unicode code point at line 1 column 11"),
        (b'{"query":"\\ud800"}', "unexpected end of hex escape"),
        (b'{"query":"\\ud800\\u0041"}', "lone leading surrogate in hex escape"),
        (b'{"query":"\\udc00"}', "lone leading surrogate in hex escape"),
        (b'{"query":"SELECT $1","params":[1e400]}', "number out of range"),
        (b'{"query":"SELECT $1","params":[01]}', "invalid number"),
        (b'{"query":"SELECT $1","params":[1.]}', "invalid number"),
        (b'{"query":"SELECT $1","params":[-]}', "invalid number"),
        (b'{"query":"SELECT $1","params":[nul]}', "expected ident"),
        (b'{"query":"SELECT $1","params":[1,]}', "trailing comma"),
        (b'{"query":"SELECT $1","params":[' + b"[" * 200 + b"]" * 200 + b"]}", "recursion limit exceeded"),
    ],
)
def test_malformed_json(gateway, body, tail):
    assert body_error(gateway.post(body)).startswith(tail)


@pytest.mark.parametrize(
    "body",
    [
        '{"sql":"x"}',
        "[]",
        "null",
        '"SELECT 1"',
        '{"query":1}',
        '{"query":null}',
        '{"query":"SELECT 1","params":null}',
        '{"query":"SELECT 1","params":{}}',
        '{"query":"SELECT 1","params":"x"}',
        '{"query":"SELECT 1","arrayMode":1}',
        '{"query":"SELECT 1","arrayMode":"true"}',
        '{"query":"SELECT 1","query":"SELECT 2"}',
        '{"query":"SELECT 1","params":[],"params":[]}',
        '{"query":"SELECT 1","arrayMode":true,"arrayMode":true}',
        '{"queries":{}}',
        '{"queries":[1]}',
        '{"queries":[{"query":"SELECT 1"},{"sql":"x"}]}',
        '{"queries":[],"queries":[]}',
    ],
)
def test_wrong_shape(gateway, body):
    assert body_error(gateway.post(body)) == "data did not match any variant of untagged enum Payload"


@pytest.mark.parametrize(
    "body,rows",
    [
        ('{"params":["7"],"query":"SELECT $1::int AS a"}', [{"a": 7}]),
        ('{"query":"SELECT 1 AS a","extra":{"x":[1]},"arrayMode":null}', [{"a": 1}]),
        ('{"query":"SELECT 1 AS a","queries":[{"query":"SELECT 2"}]}', [{"a": 1}]),
        (' \n\t{"query":"SELECT 1 AS a"}\r\n ', [{"a": 1}]),
        ('{"query":"SELECT 1 AS a;"}', [{"a": 1}]),
        ('{"query":"SELECT 1 AS a","arrayMode":true}', [[1]]),
    ],
)
def test_accepted_shapes(gateway, body, rows):
    assert gateway.post(body).rows == rows


def test_deep_nesting_that_is_allowed(gateway):
    body = '{"query":"SELECT $1::text","params":[' + "[" * 100 + "]" * 100 + "]}"
    assert gateway.post(body, raw=True, array=True).value == "{" * 100 + "}" * 100


def test_array_mode_overrides_header(gateway):
    body = {"queries": [{"query": "SELECT 1 AS a", "arrayMode": False}, {"query": "SELECT 1 AS a"}]}
    results = gateway.post(body, array=True).json["results"]
    assert [r["rows"] for r in results] == [[{"a": 1}], [[1]]]
    assert [r["rowAsArray"] for r in results] == [False, True]


def test_empty_batch(gateway):
    assert gateway.post('{"queries":[]}').text == '{"results":[]}'


@pytest.mark.parametrize("sql", ["", ";", "-- nothing", "/* nothing */ ;"])
def test_empty_query(gateway, sql):
    for flags in ({}, {"raw": True}):
        answer = gateway.query(sql, **flags)
        assert answer.text == '{"fields":[],"rows":[],"command":"","rowCount":null,"rowAsArray":false}'


def error(answer, code, message):
    assert answer.status == 400, answer.text
    assert (answer.json["code"], answer.json["message"]) == (code, message)


@pytest.mark.parametrize("raw", ["true", "false"])
def test_execution_errors(gateway, raw):
    def ask(sql, params=None):
        return gateway.query(sql, params, raw=raw)

    error(ask("SELECT 1; SELECT 2"), "42601", "cannot insert multiple commands into a prepared statement")
    error(
        ask("SELECT $1, $2", ["a"]),
        "08P01",
        'bind message supplies 1 parameters, but prepared statement "" requires 2',
    )
    error(ask("SELECT 1", ["a"]), "08P01", 'bind message supplies 1 parameters, but prepared statement "" requires 0')
    assert ask("SELECT pg_typeof($1)", ["a"]).json["code"] == "42P18"
    assert ask("SELECT $1::int = $1::text", ["1"]).json["code"] in ("42P08", "42883")
    error(ask("SELECT $1::int", ["x"]), "22P02", 'invalid input syntax for type integer: "x"')
    error(
        ask("SELECT 1", ["1"] * 32768), "", "error encoding message to server: value too large to transmit"
    )
    error(ask("SELECT 1\0"), "", "error encoding message to server: string contains embedded null")
    error(ask("SELECT $1::text", ["a\0b"]), "22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    error(ask("SELECT $1::int + $2::int", ["1", "a\0b"]), "22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    assert ask("SELEC $1", ["a\0b"]).json["code"] == "42601"
    assert ask("SELECT 1").status == 200


def test_many_parameters(gateway):
    n = 32767
    answer = gateway.query("SELECT count(*) FROM unnest($1::int[])", [list(range(n))], raw=True, array=True)
    assert answer.value == str(n)
    markers = ",".join(f"${i}::int" for i in range(1, 1001))
    answer = gateway.query(f"SELECT greatest({markers})", [str(i) for i in range(1000)], raw=True, array=True)
    assert answer.value == "999"


def test_types_are_inferred_by_the_server(gateway):
    assert gateway.query("SELECT $1 AS a", [42]).json["fields"][0]["dataTypeID"] == 25
    assert gateway.query("SELECT $1 * 1 AS a", [42]).json["fields"][0]["dataTypeID"] == 23


def test_large_statement_and_parameter(gateway):
    text = "é😀" * 500000
    answer = gateway.query("SELECT length($1::text)", [text], raw=True, array=True)
    assert answer.value == "1000000"
    answer = gateway.query(f"SELECT length('{text}')", raw=True, array=True)
    assert answer.value == "1000000"
    assert gateway.query("SELECT $1::text", [text], raw=True, array=True).value == text


def test_duplicate_object_keys_are_collapsed_after_sorting(gateway):
    members = ",".join(f'"k{i % 50}":{i}' for i in range(200))
    expected = {f"k{i}": 150 + i for i in range(50)}
    answer = gateway.post(f'{{"query":"SELECT $1::text","params":[{{{members}}}]}}', raw=True, array=True)
    assert answer.value == json.dumps(dict(sorted(expected.items())), separators=(",", ":"))
