"""Parameters whose class says what they are, as psycopg tells the server: instants, times, intervals, numbers of numpy's."""

import datetime as dt
import decimal

import numpy
import pandas
import pytest
import sqlalchemy as sa

from conftest import MODES, engine_on
from sqlalchemy_neon_odbc import declared

ALL = pytest.mark.parametrize("mode", MODES)
UTC = dt.timezone.utc
KOLKATA = dt.timezone(dt.timedelta(hours=5, minutes=30))
INSTANT = dt.datetime(2024, 7, 1, 2, 30, 0, 123456, tzinfo=KOLKATA)
LOCAL = dt.datetime(2024, 7, 1, 2, 30)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    "statement, written",
    [
        ("SELECT $1", "SELECT $1::INTERVAL"),
        ("SELECT $1::TEXT, $1", "SELECT $1::INTERVAL::TEXT, $1::INTERVAL"),
        ("SELECT CAST($1 AS text)", "SELECT CAST($1::INTERVAL AS text)"),
        ("SELECT $10, $2, x$1, $11", "SELECT $10, $2, x$1, $11"),
        ("SELECT '$1', '''$1', E'\\'$1', \"$1\", $$ $1 $$, $a$ $1 $$ $1 $a$", None),
        ("SELECT 1 -- $1\n, $1 /* $1 ' */", "SELECT 1 -- $1\n, $1::INTERVAL /* $1 ' */"),
        ("SELECT '\\', $1, e'\\\\', $1", "SELECT '\\', $1::INTERVAL, e'\\\\', $1::INTERVAL"),
    ],
)
def test_casts_stand_behind_markers_alone(statement, written):
    assert declared.declare(statement, [HOUR]) == (written or statement)


def test_what_needs_no_cast_gets_none():
    assert declared.declare("SELECT $1, $2, $3, $4, $5", ["x", 2**62, None, LOCAL, decimal.Decimal("1.5")]) == "SELECT $1, $2, $3, $4, $5"


def test_columns():
    assert declared.declare_columns("$1, $2", [(INSTANT, 1), (None, 2**70)]) == "$1::TIMESTAMP WITH TIME ZONE, $2"
    assert declared.declare_columns("$1", [(HOUR,), (HOUR,)]) == "$1::INTERVAL"
    assert declared.declare_columns("$1", [(LOCAL,), (None,)]) == "$1"
    assert declared.declare_columns("$1", [(INSTANT,), (LOCAL,)]) is None


VALUES = [
    INSTANT, LOCAL, dt.date(2024, 7, 1), dt.time(1, 2, 3, 4), dt.time(1, 2, tzinfo=KOLKATA), HOUR, -HOUR, dt.timedelta(days=40, microseconds=1),
    decimal.Decimal("NaN"), 2**70, -(2**63), numpy.int64(-3), numpy.float64(1.5), numpy.float32(0.25), numpy.bool_(True),
    pandas.Timestamp("2024-07-01 02:30", tz="Europe/Berlin"),
]
USES = [
    "SELECT :v", "SELECT coalesce(:v, NULL)", "SELECT jsonb_build_object('v', :v)", "SELECT CAST(:v AS text)", "SELECT now() - :v > 'epoch'",
    "SELECT :v + interval '1 day'", "SELECT date_trunc('hour', :v)", "SELECT extract(hour FROM :v)",
]


def answer(connection, use, value):
    """What the statement gives, or that it is refused."""
    try:
        return connection.scalar(sa.text(use), {"v": value})
    except sa.exc.DBAPIError:
        connection.rollback()
        return sa.exc.DBAPIError


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_mean_what_they_mean_to_psycopg(mode, value, psycopg):
    with engine_on(mode) as engine, engine.connect() as ours, psycopg.connect() as reference:
        for use in USES:
            expected = answer(reference, use, value)
            if "AS text" in use and isinstance(value, (numpy.bool_, float)):
                continue  # (pyodbc's bit is the text 1)
            found = answer(ours, use, value)
            assert found == expected or (found != found and expected != expected), (use, found, expected)
            assert type(found) is type(expected)


@ALL
def test_an_instant_for_a_column_without_a_zone(mode, metadata, psycopg):
    """It becomes the session's time; a plain cast would drop the zone."""
    table = sa.Table(
        "t_locals", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), sa.Column("at", sa.DateTime),
        sa.Column("day", sa.Date), sa.Column("label", sa.String),
    )

    def programs(connection):
        values = {"at": INSTANT, "day": INSTANT, "label": INSTANT}
        connection.execute(table.insert(), {"id": 1, **values})
        connection.execute(table.insert(), [{"id": id, **values} for id in (2, 3)])
        connection.execute(table.insert(), [{"id": 4, "at": INSTANT}, {"id": 5, "at": LOCAL}, {"id": 6, "at": None}])
        connection.execute(table.insert().values([{"id": 7, "at": INSTANT}, {"id": 8, "at": LOCAL}]))
        connection.execute(sa.text("INSERT INTO t_locals (id, at, day) VALUES (9, :at, :day)"), {"at": INSTANT, "day": INSTANT})
        many = [{"id": id, "at": INSTANT, "day": INSTANT} for id in (10, 11)]
        connection.execute(sa.text("INSERT INTO t_locals (id, at, day) VALUES (:id, :at, :day)"), many)
        connection.execute(table.update().where(table.c.id == 2).values(at=INSTANT + HOUR))
        return connection.execute(sa.select(table, table.c.at == INSTANT, table.c.at > INSTANT).order_by(table.c.id)).all()

    answers = []
    with engine_on(mode) as engine:
        for one in (psycopg, engine):
            for zone in ("UTC", "America/New_York"):
                metadata.drop_all(psycopg)
                metadata.create_all(psycopg)
                with one.connect() as connection:
                    connection.execute(sa.text(f"SET TimeZone = '{zone}'"))
                    answers.append(programs(connection))
                    connection.commit()
                    connection.execute(sa.text("RESET TimeZone"))
                    connection.commit()
    assert answers[0][0].at == dt.datetime(2024, 6, 30, 21, 0, 0, 123456)  # in UTC
    assert answers[2:] == answers[:2]


@pytest.mark.parametrize("mode", ["autocommit", "websocket"])
def test_numbers_of_numpy_in_typed_columns(mode, metadata, psycopg):
    table = sa.Table(
        "t_numpy", metadata, sa.Column("i", sa.Integer), sa.Column("f", sa.Float), sa.Column("b", sa.Boolean), sa.Column("n", sa.Numeric(10, 2)),
        sa.Column("a", sa.ARRAY(sa.Float)),
    )
    metadata.create_all(psycopg)
    row = {"i": numpy.int16(1), "f": numpy.float64(1) / 3, "b": numpy.bool_(False), "n": numpy.float32(1.25), "a": list(numpy.array([0.1, numpy.nan]))}
    with engine_on(mode) as engine, engine.begin() as connection:
        connection.execute(table.insert(), row)
        connection.execute(table.insert(), [row, row])
    with psycopg.connect() as connection:
        found = connection.execute(sa.select(table)).all()
    assert [one[:4] for one in found] == [(1, 1 / 3, False, decimal.Decimal("1.25"))] * 3
    assert all(one.a[0] == 0.1 and one.a[1] != one.a[1] for one in found)


@pytest.mark.parametrize("type_", [sa.DateTime, sa.DateTime(timezone=True), sa.Date])
def test_a_time_that_is_none_is_refused(type_, metadata, psycopg):
    table = sa.Table("t_nat", metadata, sa.Column("v", type_))
    metadata.create_all(psycopg)
    with engine_on("autocommit") as engine, engine.connect() as connection:
        for rows in ({"v": pandas.NaT}, [{"v": pandas.NaT}, {"v": None}]):
            with pytest.raises((ValueError, sa.exc.StatementError), match="NaT is no time that PostgreSQL has"):
                connection.execute(table.insert(), rows)
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
