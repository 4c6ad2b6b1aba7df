"""sqlalchemy_neon_odbc.text: PostgreSQL's text form there and back, without a database."""

import datetime as dt
import decimal
import random

import pytest

from sqlalchemy_neon_odbc import text

UTC = dt.timezone.utc


@pytest.mark.parametrize(
    "written, value",
    [
        ("{}", []),
        ("{1,2,NULL}", ["1", "2", None]),
        ('{"NULL",null}', ["NULL", None]),
        ('{"a,b","q\\"x","back\\\\slash",""}', ["a,b", 'q"x', "back\\slash", ""]),
        ("{{1,2},{3,4}}", [["1", "2"], ["3", "4"]]),
        ("[0:1]={7,8}", ["7", "8"]),
        ("[-1:0][2:3]={{1,2},{3,NULL}}", [["1", "2"], ["3", None]]),
        ('{{{"a b"}}}', [[["a b"]]]),
        ('{"{not,nested}"}', ["{not,nested}"]),
        ("{☕,👩‍🚀}", ["☕", "👩‍🚀"]),
        ('{"line\nbreak"}', ["line\nbreak"]),
    ],
)
def test_arrays_are_read(written, value):
    assert text.read_array(written) == value


@pytest.mark.parametrize("wrong", ["", "1", "{1", "1}", "{1}}", "{{1}", '{"a}', "[x]={1}", "{1}{2}"])
def test_what_is_no_array_is_refused(wrong):
    with pytest.raises((ValueError, IndexError)):
        text.read_array(wrong)


def test_arrays_there_and_back():
    rng = random.Random(20261121)
    alphabet = 'ab,{}"\\ \nNULLé😀'

    def value(depth):
        if depth:
            return [value(depth - 1) for _ in range(2)]
        return None if rng.random() < 0.1 else "".join(rng.choice(alphabet) for _ in range(rng.randrange(6)))

    for _ in range(2000):
        items = [value(rng.randrange(3)) for _ in range(1)] or []
        assert text.read_array(text.write_array(items)) == items


def test_elements_are_converted():
    assert text.read_array("{1,NULL,3}", int) == [1, None, 3]
    assert text.read_array('{{"1.5",2},{3,4}}', decimal.Decimal) == [
        [decimal.Decimal("1.5"), decimal.Decimal(2)],
        [decimal.Decimal(3), decimal.Decimal(4)],
    ]


@pytest.mark.parametrize(
    "written, value",
    [
        ("00:00:00", dt.timedelta()),
        ("1 day", dt.timedelta(days=1)),
        ("-1 days +02:00:00.000005", dt.timedelta(days=-1, hours=2, microseconds=5)),
        ("1 year 2 mons -3 days -04:05:06.7", dt.timedelta(days=365 + 60 - 3) - dt.timedelta(hours=4, minutes=5, seconds=6.7)),
        ("-00:00:00.000001", dt.timedelta(microseconds=-1)),
        ("1000:00:00", dt.timedelta(hours=1000)),
        ("P1Y2M3DT4H5M6.5S", dt.timedelta(days=365 + 60 + 3, hours=4, minutes=5, seconds=6.5)),
        ("PT-0.5S", dt.timedelta(seconds=-0.5)),
        ("PT0S", dt.timedelta()),
    ],
)
def test_intervals_are_read(written, value):
    assert text.read_interval(written) == value


def test_intervals_beyond_python_say_so():
    with pytest.raises(ValueError, match="read it as text"):
        text.read_interval("100000000 years")
    with pytest.raises(ValueError, match="postgres style"):
        text.read_interval("@ 1 year ago")


@pytest.mark.parametrize(
    "written, value",
    [
        ("2024-05-06 07:08:09", dt.datetime(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06 07:08:09.5", dt.datetime(2024, 5, 6, 7, 8, 9, 500000)),
        ("2024-05-06 07:08:09+00", dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06 07:08:09.000001+05:30", dt.datetime(2024, 5, 6, 1, 38, 9, 1, tzinfo=UTC)),
        ("1850-11-10 11:52:35-00:00:15", dt.datetime(1850, 11, 10, 11, 52, 50, tzinfo=UTC)),
    ],
)
def test_timestamps_are_read(written, value):
    assert text.read_timestamp(written) == value
    assert text.read_timestamp(written).tzinfo == value.tzinfo


@pytest.mark.parametrize("written", ["infinity", "-infinity", "0044-03-15 00:00:00 BC", "294276-01-01 00:00:00"])
def test_timestamps_beyond_python_say_so(written):
    with pytest.raises(ValueError, match="Python's datetime"):
        text.read_timestamp(written)


def test_times_keep_their_zone():
    assert text.read_time("07:08:09.000001") == dt.time(7, 8, 9, 1)
    assert text.read_time("07:08:09+02") == dt.time(7, 8, 9, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert text.read_time("24:00:00") == dt.time(0)


@pytest.mark.parametrize(
    "written, parts",
    [
        ("empty", (None, None, "[)", True)),
        ("[1,5)", ("1", "5", "[)", False)),
        ("(,)", (None, None, "()", False)),
        ('["2024-01-01 00:00:00","2024-01-02 00:00:00")', ("2024-01-01 00:00:00", "2024-01-02 00:00:00", "[)", False)),
        ('("a""b\\\\","")', ('a"b\\', "", "()", False)),
    ],
)
def test_ranges_are_read(written, parts):
    assert text.read_range(written) == parts


def test_multiranges_are_read():
    assert list(text.read_multirange("{}")) == []
    assert list(text.read_multirange("{[1,2),[5,)}")) == [("1", "2", "[)", False), ("5", None, "[)", False)]
    for wrong in ("{", "{[1,2}", "[1,2)"):
        with pytest.raises(ValueError):
            list(text.read_multirange(wrong))


@pytest.mark.parametrize(
    "value, written",
    [
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (-0.0, "-0.0"),
        (True, "t"),
        (b"\x00\xff", "\\x00ff"),
        (dt.timedelta(days=-1, hours=2), "-1 days 7200 seconds 0 microseconds"),
        ([1, None, "x"], '{1,NULL,"x"}'),
    ],
)
def test_values_are_written(value, written):
    assert text.write_text(value) == written
