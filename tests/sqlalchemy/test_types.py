"""Every type there and back: equal to what the psycopg dialect gives for the same stored value, typed and untyped."""

import datetime as dt
import decimal
import enum
import ipaddress
import math
import pathlib
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql as pg

from conftest import engine_on
from sqlalchemy_neon_odbc import converters

UTC = dt.timezone.utc
KOLKATA = dt.timezone(dt.timedelta(hours=5, minutes=30))
D = decimal.Decimal
TRICKY = ["", "a", "it's \"quoted\" \\back\\", "é☕👩‍🚀", "line\nbreak\ttab", "NULL", "{1,2}", "x" * 100_000]


class Colour(enum.Enum):
    red = 1
    dark_green = 2


CASES = [
    (sa.Integer(), [0, -(2**31), 2**31 - 1]),
    (sa.SmallInteger(), [-(2**15), 2**15 - 1]),
    (sa.BigInteger(), [-(2**63), 2**63 - 1]),
    (sa.Boolean(), [True, False]),
    (sa.Float(), [0.1, -0.0, 1e308, 5e-324, math.inf, -math.inf]),
    (sa.REAL(), [1.5, -2.25]),
    (sa.Numeric(38, 10), [D("1.5000000000"), D("-9999999999999999999999999999.9999999999"), D("0E-10")]),
    (sa.Numeric(), [D("0.1"), D("123456789012345678901234567890.123456789"), D(1)]),
    (sa.Numeric(10, 2, asdecimal=False), [1.5, -0.25]),
    (sa.Float(asdecimal=True), [D("1.5")]),
    (sa.String(), TRICKY),
    (sa.Text(), TRICKY),
    (sa.String(5), ["abcde", "☕"]),
    (sa.CHAR(3), ["abc"]),
    (sa.LargeBinary(), [b"", b"\x00\xff\\x41", bytes(range(256)) * 100]),
    (sa.Date(), [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29)]),
    (sa.Time(), [dt.time(0), dt.time(23, 59, 59, 999999)]),
    (sa.Time(timezone=True), [dt.time(1, 2, 3, 4, tzinfo=KOLKATA), dt.time(1, 2, 3, tzinfo=UTC)]),
    (sa.DateTime(), [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 5, 6, 7, 8, 9, 1)]),
    (sa.DateTime(timezone=True), [dt.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC), dt.datetime(1850, 1, 1, tzinfo=KOLKATA)]),
    (
        sa.Interval(),
        [
            dt.timedelta(0),
            dt.timedelta(days=-1, hours=2),
            dt.timedelta(microseconds=1),
            dt.timedelta(days=1000, microseconds=-1),
        ],
    ),
    (sa.Uuid(), [uuid.UUID("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")]),
    (sa.Uuid(as_uuid=False), ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
    (sa.Enum(Colour, name="colour"), list(Colour)),
    (sa.JSON(), [{"a": [1, None, "é"]}, [], "text", 1.5, True]),
    (pg.JSONB(), [{"a": {"b": 1}}, [1, [2]], "☕"]),
    (pg.ARRAY(sa.Integer), [[], [1, None, -3], [[1, 2], [3, 4]]]),
    (pg.ARRAY(sa.Text), [["a,b", 'q"x', "NULL", None, "", "{}", "\\"], []]),
    (pg.ARRAY(sa.Numeric(10, 2)), [[D("1.50"), None]]),
    (pg.ARRAY(sa.Boolean), [[True, False, None]]),
    (pg.ARRAY(sa.Float), [[0.1, math.inf]]),
    (pg.ARRAY(sa.Date), [[dt.date(2024, 1, 2), None]]),
    (pg.ARRAY(sa.DateTime(timezone=True)), [[dt.datetime(2024, 1, 2, 3, tzinfo=UTC)]]),
    (pg.ARRAY(sa.Interval), [[dt.timedelta(days=1, seconds=5)]]),
    (pg.ARRAY(sa.Uuid), [[uuid.UUID(int=5)]]),
    (pg.ARRAY(pg.JSONB), [[{"a": 1}, [2], None]]),
    (pg.ARRAY(sa.LargeBinary), [[b"\x00a", b""]]),
    (pg.ARRAY(sa.Enum(Colour, name="colour")), [[Colour.red, Colour.dark_green]]),
    (pg.INT4RANGE(), [pg.Range(1, 5), pg.Range(None, 5), pg.Range(empty=True)]),
    (pg.NUMRANGE(), [pg.Range(D("1.5"), D("2.5"), bounds="[]")]),
    (pg.DATERANGE(), [pg.Range(dt.date(2024, 1, 1), dt.date(2024, 2, 1))]),
    (pg.TSTZRANGE(), [pg.Range(dt.datetime(2024, 1, 1, tzinfo=UTC), None)]),
    (pg.INT4MULTIRANGE(), [[pg.Range(1, 2), pg.Range(5, 9)], []]),
    (pg.INET(), [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_interface("10.0.0.0/8"), ipaddress.ip_address("::1")]),
    (pg.CIDR(), [ipaddress.ip_network("10.0.0.0/8")]),
    (pg.MACADDR(), ["08:00:2b:01:02:03"]),
    (pg.TSVECTOR(), ["'a':1 'b':2"]),
    (pg.MONEY(), ["$1,234.50"]),
    (pg.OID(), [4294967295]),
]


# no operator =, or SQLAlchemy compares them as text
WITHOUT_EQUALITY = (sa.JSON, pg.TSVECTOR, pg.MONEY)


def _name(case):
    return repr(case[0])


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
@pytest.mark.parametrize("case", CASES, ids=_name)
def test_typed_values_equal_psycopgs(case, mode, metadata, psycopg):
    type_, values = case
    table = sa.Table("t_types", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", type_))
    metadata.create_all(psycopg)
    rows = [{"id": i, "v": value} for i, value in enumerate([*values, None])]
    with engine_on(mode) as engine, engine.connect() as connection:
        for row in rows[: len(rows) // 2]:
            connection.execute(table.insert(), row)
        connection.execute(table.insert(), rows[len(rows) // 2 :])
        # through arrays of parameters, and back
        change = table.update().where(table.c.id == sa.bindparam("key")).values(v=sa.bindparam("new", type_=type_))
        connection.execute(change, [{"key": row["id"], "new": rows[0]["v"]} for row in rows])
        connection.execute(change, [{"key": row["id"], "new": row["v"]} for row in rows])
        ours = connection.execute(sa.select(table.c.v).order_by(table.c.id)).scalars().all()
        if not isinstance(type_, WITHOUT_EQUALITY) or isinstance(type_, pg.JSONB):
            assert connection.scalar(sa.select(sa.func.count()).where(table.c.v == values[0])) == 1
        connection.commit()
    with psycopg.connect() as connection:
        reference = connection.execute(sa.select(table.c.v).order_by(table.c.id)).scalars().all()
    assert ours == reference
    assert [type(value) for value in ours] == [type(value) for value in reference]
    if isinstance(type_, sa.Float) and not type_.asdecimal:
        assert math.copysign(1, ours[1]) == -1  # -0.0


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_instants_in_another_time_zone(mode, zone, metadata, psycopg):
    table = sa.Table(
        "t_zones", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("ats", pg.ARRAY(sa.DateTime(timezone=True))), sa.Column("during", pg.TSTZRANGE), sa.Column("t", sa.Time(timezone=True)),
        sa.Column("local", sa.DateTime),
    )
    metadata.create_all(psycopg)
    at, local = dt.datetime(2024, 7, 1, 23, 59, 59, 999999, tzinfo=UTC), dt.datetime(2024, 7, 1, 2, 30)
    row = {"id": 1, "at": at, "ats": [at, None], "during": pg.Range(at, None), "t": dt.time(1, 2, 3, 4, tzinfo=KOLKATA), "local": local}
    with engine_on(mode, query={"timezone": zone}) as engine, engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW TimeZone")) == zone
        connection.execute(table.insert(), row)
        found = connection.execute(sa.select(table)).one()
        assert found == (1, at, [at, None], pg.Range(at, None), row["t"], local)
        assert found.at.tzinfo is UTC and found.ats[0].tzinfo is UTC
        untyped = connection.execute(sa.text("SELECT at, ats, t, local FROM t_zones")).one()
        assert untyped == (at, [at, None], row["t"], local) and untyped[0].tzinfo is UTC
        assert connection.scalar(sa.select(sa.func.count()).where(table.c.at == at.astimezone(KOLKATA))) == 1
        connection.commit()
    with psycopg.connect() as connection:
        assert connection.scalar(sa.select(table.c.at)) == at


@pytest.mark.parametrize(
    "type_, expression",
    [
        (sa.Integer(), "1"),
        (sa.Text(), "'a'::text"),
        (sa.Boolean(), "true"),
        (sa.Float(), "1.5::float8"),
        (sa.REAL(), "1.5::float4"),
        (sa.Numeric(), "1.5::numeric"),
        (sa.Date(), "date '2024-02-29'"),
        (sa.Time(), "time '01:02:03'"),
        (sa.DateTime(), "timestamp '2024-02-29 01:02:03'"),
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_what_the_driver_makes_an_object_of_passes_no_python_code(type_, expression):
    """A function for each value is what costs most in a large result; psycopg's dialect has none for these either."""
    with engine_on("http") as engine, engine.connect() as connection:
        kind = connection.exec_driver_sql(f"SELECT {expression}").cursor.description[0][1]
        assert type_.dialect_impl(connection.dialect).result_processor(connection.dialect, kind) is None
        assert connection.execute(sa.text(f"SELECT {expression} AS a").columns(a=type_)).one()._data[0] is not None


def test_what_datetime_cannot_hold():
    with engine_on("autocommit") as engine, engine.connect() as connection:
        for expression in ("'infinity'::timestamptz", "'0044-03-15 BC'::timestamptz", "'12000-01-01'::timestamptz", "'{infinity}'::date[]"):
            with pytest.raises(ValueError, match="outside of what Python's datetime can hold .* read it as text"):
                connection.scalar(sa.text("SELECT " + expression))
        for expression in ("'infinity'::timestamp", "'0044-03-15 BC'::date"):
            with pytest.raises((ValueError, exc.DBAPIError)):
                connection.scalar(sa.text("SELECT " + expression))


def test_nan():
    with engine_on("autocommit") as engine, engine.connect() as connection:
        value = connection.scalar(sa.select(sa.cast(sa.literal(math.nan, sa.Float), sa.Float)))
        assert math.isnan(value)
        assert connection.scalar(sa.select(sa.cast(sa.literal(D("NaN"), sa.Numeric), sa.Numeric))).is_nan()


UNTYPED = [
    "1::int2", "1::int4", "1::int8", "1.5::float8", "1.50::numeric(10,2)", "true", "'x'::text", "'x'::varchar(3)", "NULL",
    "'2024-01-02'::date", "'2024-01-02 03:04:05.6'::timestamp", "'\\x00ff'::bytea", "'10:11:12.5'::time",
]
UNTYPED_BY_CODE = [
    "'{\"a\": [1]}'::json", "'[1]'::jsonb", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "'1 day 02:00:00'::interval",
    "'2024-01-02 03:04:05.6+05:30'::timestamptz", "'10:11:12+05:30'::timetz", "'{1,NULL,3}'::int[]",
    "'{a,NULL,\"b c\"}'::text[]", "'{1.5,2}'::numeric[]", "'NaN'::numeric",
]


@pytest.mark.parametrize("expression", UNTYPED + UNTYPED_BY_CODE)
def test_untyped_values_equal_psycopgs(expression, psycopg):
    statement = sa.text("SELECT " + expression)
    with engine_on("autocommit") as engine, engine.connect() as connection:
        ours = connection.scalar(statement)
    with psycopg.connect() as connection:
        reference = connection.scalar(statement)
    if ours != ours:
        ours, reference = str(ours), str(reference)  # NaN
    if isinstance(ours, list) and any(item != item for item in ours):
        ours, reference = [str(item) for item in ours], [str(item) for item in reference]
    assert (ours, type(ours)) == (reference, type(reference))


@pytest.mark.parametrize(
    "expression, bounds",
    [
        ("'[1,5)'::int4range", (1, 5, "[)")), ("'(1.5,2.5]'::numrange", (D("1.5"), D("2.5"), "(]")), ("'empty'::int8range", (None, None, "[)")),
        ("'[2024-01-01,)'::daterange", (dt.date(2024, 1, 1), None, "[)")),
        ("'[\"2024-01-01 00:00:00+00\",)'::tstzrange", (dt.datetime(2024, 1, 1, tzinfo=UTC), None, "[)")),
    ],
)
def test_untyped_ranges_are_ranges(expression, bounds):
    with engine_on("autocommit") as engine, engine.connect() as connection:
        value = connection.scalar(sa.text("SELECT " + expression))
        assert isinstance(value, pg.Range) and (value.lower, value.upper, value.bounds) == bounds
        assert connection.scalar(sa.text(f"SELECT ARRAY[{expression}]")) == [value]


def test_untyped_json_goes_through_the_engines_own_reader():
    with engine_on("autocommit", json_deserializer=lambda text: ("read", text)) as engine, engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT '[1]'::json")) == ("read", "[1]")


def test_every_private_code_of_the_driver_has_a_reader():
    table = (pathlib.Path(__file__).parents[2] / "docs" / "types.md").read_text().split("| Type | SQL type |")[1]
    codes = set()
    for row in table.splitlines()[2:]:
        cells = row.split("|")
        if len(cells) > 6:
            codes.update(int(cell) for cell in cells[5:7] if cell.strip().isdigit())
    assert len(codes) > 60 and codes <= set(converters.CODES)


PARAMETERS = [
    1, 2**40, 1.5, D("1.50"), True, "x'é", None, b"\x00\xff", dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5, 6),
    dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=KOLKATA), dt.time(1, 2, 3, 4), dt.timedelta(days=-1, hours=2),
    uuid.UUID(int=7), [1, None, 3], ["a,b", None], 2**70,
]
PARAMETER_TYPES = {
    int: "numeric", float: "float8", D: "numeric", bool: "bool", str: "text", type(None): "text", bytes: "bytea", dt.date: "date",
    dt.datetime: "timestamptz", dt.time: "time", dt.timedelta: "interval", uuid.UUID: "uuid", list: "text[]",
}


@pytest.mark.parametrize("value", PARAMETERS, ids=repr)
def test_untyped_parameters_mean_what_psycopgs_mean(value, psycopg):
    statement = sa.text(f"SELECT CAST(CAST(:v AS {PARAMETER_TYPES[type(value)]}) AS text)")
    with engine_on("autocommit") as engine, engine.connect() as connection:
        ours = connection.scalar(statement, {"v": value})
    if isinstance(value, list):
        value = [None if item is None else str(item) for item in value]
    with psycopg.connect() as connection:
        reference = connection.scalar(statement, {"v": value})
    assert ours == reference


@pytest.mark.parametrize("paramstyle", ["numeric_dollar", "qmark"])
@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
def test_question_marks_are_sql(mode, paramstyle):
    statements = [
        ("""SELECT :j ::jsonb ? 'k'""", {"j": '{"k": 1}'}, True),
        ("""SELECT CAST(:j AS jsonb) ?| array['x','k']""", {"j": '{"k": 1}'}, True),
        ("""SELECT CAST(:j AS jsonb) @? '$.k'""", {"j": '{"k": 1}'}, True),
        ("""SELECT '?' || $x$?$x$ /* ? */ || CAST(:j AS text) -- ?""", {"j": "!"}, "??!"),
        ("""SELECT 1 WHERE '100%' LIKE '%\\%' AND CAST(:j AS int) = 1""", {"j": 1}, 1),
    ]
    with engine_on(mode, paramstyle=paramstyle) as engine, engine.connect() as connection:
        for text, parameters, expected in statements:
            if paramstyle == "qmark" and "'?'" not in text:
                text = text.replace("?", "??")  # as the driver wants operators beside markers
            assert connection.scalar(sa.text(text.replace(":j ::", ":j\\:\\:") if "j ::" in text else text), parameters) == expected
        data = sa.literal({"k": {"l": 1}}, pg.JSONB)
        assert connection.scalar(sa.select(data.has_key("k")))
        assert connection.scalar(sa.select(data.has_any(pg.array(["x", "k"]))))
        assert connection.scalar(sa.select(data.has_all(pg.array(["k"]))))
        assert connection.scalar(sa.select(data.path_exists("$.k.l")))
        assert connection.scalar(sa.select(data[("k", "l")].astext)) == "1"


def test_returning_that_hits_no_row():
    with engine_on("autocommit") as engine, engine.connect() as connection:
        for statement in (
            "UPDATE customers SET note = note WHERE id = -1 RETURNING id",
            "DELETE FROM customers WHERE id = -1 RETURNING id",
        ):
            result = connection.execute(sa.text(statement))
            assert result.returns_rows and result.all() == []


def test_an_empty_statement_does_nothing():
    with engine_on("autocommit") as engine, engine.connect() as connection:
        assert not connection.exec_driver_sql("").returns_rows


class SplitEnums(sa.TypeDecorator):
    """What programs wrote for drivers that gave arrays of enums as text; SQLAlchemy's documentation had it."""

    impl = pg.ARRAY
    cache_ok = True

    def bind_expression(self, bindvalue):
        return sa.cast(bindvalue, self)

    def result_processor(self, dialect, coltype):
        convert = super().result_processor(dialect, coltype)
        return lambda value: None if value is None else convert(value[1:-1].split(",") if value != "{}" else [])


def test_a_type_that_splits_the_text_of_an_array_itself(metadata, psycopg):
    table = sa.Table("t_split", metadata, sa.Column("v", SplitEnums(sa.Enum(Colour, name="colour"))))
    metadata.create_all(psycopg)
    with engine_on("websocket") as engine, engine.begin() as connection:
        connection.execute(table.insert(), [{"v": [Colour.red, Colour.dark_green]}, {"v": []}, {"v": None}])
        assert connection.scalars(sa.select(table.c.v)).all() == [[Colour.red, Colour.dark_green], [], None]


class Kind(str, enum.Enum):
    big = "large"


@pytest.mark.parametrize("mode", ["autocommit", "websocket"])
@pytest.mark.parametrize(
    "value, type_, found",
    [
        (memoryview(b"\x00a"), "bytea", b"\x00a"),
        ([[1, 2], [3, None]], "int[]", [[1, 2], [3, None]]),
        ([[["a,b"], ["{}"]]], "text[]", [[["a,b"], ["{}"]]]),
        ([memoryview(b"a")], "bytea[]", [b"a"]),
        (Colour.dark_green, "text", "dark_green"),
        ([Colour.red], "text[]", ["red"]),
        (Kind.big, "text", "large"),
        (pg.MultiRange([pg.Range(1, 2), pg.Range(5, 9)]), "int4multirange", [pg.Range(1, 2), pg.Range(5, 9)]),
    ],
    ids=repr,
)
def test_values_without_a_type_to_the_server(value, type_, found, mode):
    statement = sa.text(f"SELECT CAST(:v AS {type_})")
    with engine_on(mode) as engine, engine.connect() as connection:
        assert connection.scalar(statement, {"v": value}) == found
