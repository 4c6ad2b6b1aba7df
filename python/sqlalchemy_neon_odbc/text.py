"""PostgreSQL's text form of values, read and written.

Pure functions between strings and Python values: arrays, ranges, multiranges, intervals, dates and times with what Python
cannot hold refused by name. No SQLAlchemy, no connection. Called by ``types`` (processors) and ``connection`` (converters of
results whose type SQLAlchemy does not know).
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

Reader = Callable[[str], Any]

# ---- dates and times ---------------------------------------------------------------------------------------------------

_STAMP = re.compile(
    r"(\d{4,})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?|(Z))?$"
)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?|(Z))?$")


def _cannot_hold(what: str, text: str) -> ValueError:
    return ValueError(
        f"{what} {text!r} is outside of what Python's datetime can hold (years 1 to 9999, no infinity): "
        "read it as text, CAST(... AS text)"
    )


def _micros(fraction: Optional[str]) -> int:
    return int(fraction.ljust(6, "0")) if fraction else 0


def _zone(sign: Optional[str], hours: str, minutes: Optional[str], seconds: Optional[str]) -> dt.timezone:
    delta = dt.timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    if not delta:
        return dt.timezone.utc
    return dt.timezone(-delta if sign == "-" else delta)


def read_date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise _cannot_hold("date", text) from None


def read_timestamp(text: str) -> dt.datetime:
    """``2024-05-06 07:08:09.5`` naive; with an offset aware, in UTC."""
    try:
        value = dt.datetime.fromisoformat(text)  # quick, but does not know every form before Python 3.11
    except ValueError:
        return _read_timestamp_by_parts(text)
    if value.tzinfo is None or value.tzinfo is dt.timezone.utc:
        return value
    try:
        return value.astimezone(dt.timezone.utc)
    except OverflowError:
        raise _cannot_hold("timestamp", text) from None


def _read_timestamp_by_parts(text: str) -> dt.datetime:
    m = _STAMP.match(text)
    if m is None:
        raise _cannot_hold("timestamp", text)
    year, month, day, hour, minute, second, fraction, sign, zh, zm, zs, zulu = m.groups()
    try:
        value = dt.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), _micros(fraction)
        )
        if zh is not None:
            value = value.replace(tzinfo=_zone(sign, zh, zm, zs)).astimezone(dt.timezone.utc)
        elif zulu:
            value = value.replace(tzinfo=dt.timezone.utc)
    except (ValueError, OverflowError):
        raise _cannot_hold("timestamp", text) from None
    return value


def read_time(text: str) -> dt.time:
    """``07:08:09.5`` naive, ``07:08:09+02`` aware. PostgreSQL's 24:00:00 is Python's 00:00:00."""
    m = _TIME.match(text)
    if m is None:
        raise _cannot_hold("time", text)
    hour, minute, second, fraction, sign, zh, zm, zs, zulu = m.groups()
    zone = _zone(sign, zh, zm, zs) if zh is not None else dt.timezone.utc if zulu else None
    return dt.time(int(hour) % 24, int(minute), int(second or 0), _micros(fraction), tzinfo=zone)


# ---- intervals ---------------------------------------------------------------------------------------------------------

_PART = re.compile(r"([+-]?\d+)\s+(year|mon|day)s?\s*")
_CLOCK = re.compile(r"([+-])?(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?$")
_ISO = re.compile(
    r"P(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?"
    r"(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+)(?:\.(\d{1,6})\d*)?S)?)?$"
)
DAYS = {"year": 365, "mon": 30, "day": 1}


def read_interval(text: str) -> dt.timedelta:
    """The server's ``postgres`` and ``iso_8601`` styles. A year is 365 days and a month 30, as in psycopg."""
    days, rest = 0, text.strip()
    if rest.startswith("P"):
        return _read_iso_interval(rest)
    m = _PART.match(rest)
    while m is not None:
        days += int(m.group(1)) * DAYS[m.group(2)]
        rest = rest[m.end() :]
        m = _PART.match(rest)
    delta = dt.timedelta()
    if rest:
        m = _CLOCK.match(rest)
        if m is None:
            raise ValueError(f"interval {text!r} is not in the server's postgres style: SET intervalstyle = postgres")
        sign, hours, minutes, seconds, fraction = m.groups()
        delta = dt.timedelta(
            hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0), microseconds=_micros(fraction)
        )
        if sign == "-":
            delta = -delta
    try:
        return dt.timedelta(days=days) + delta
    except OverflowError:
        raise ValueError(f"interval {text!r} is longer than Python's timedelta: read it as text") from None


def _read_iso_interval(text: str) -> dt.timedelta:
    m = _ISO.match(text)
    if m is None:
        raise ValueError(f"interval {text!r} is not understood")
    years, months, weeks, days, hours, minutes, seconds, fraction = m.groups()
    micros = _micros(fraction)
    if seconds is not None and seconds.startswith("-"):
        micros = -micros
    return dt.timedelta(
        days=int(years or 0) * 365 + int(months or 0) * 30 + int(weeks or 0) * 7 + int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=micros,
    )


def write_interval(value: dt.timedelta) -> str:
    return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"


# ---- any Python value as the text that a cast in SQL reads ----------------------------------------------------------------


def _write_float(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return float.__repr__(value)  # numpy's own float64 writes its name too


def write_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, dt.timedelta):
        return write_interval(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return write_array(value)
    return str(value)


# ---- arrays ------------------------------------------------------------------------------------------------------------

_BOUNDS = re.compile(r"(?:\[-?\d+:-?\d+\])+=")
_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def read_array(text: str, read_item: Optional[Reader] = None) -> List[Any]:
    """An array of any number of dimensions as nested lists; lower bounds other than 1 are dropped, as psycopg does."""
    start = 0
    if text.startswith("["):
        m = _BOUNDS.match(text)
        if m is None:
            raise ValueError(f"not an array: {text[:80]!r}")
        start = m.end()
    if text[start : start + 1] != "{" or text[-1] != "}":
        raise ValueError(f"not an array: {text[:80]!r}")
    body = text[start + 1 : -1]
    if not body:
        return []
    if not any(c in body for c in '"{}'):
        return [_plain_item(item, read_item) for item in body.split(",")]
    return _read_nested(text, start, read_item)


def _plain_item(item: str, read_item: Optional[Reader]) -> Any:
    if item.upper() == "NULL":
        return None
    return read_item(item) if read_item else item


def _read_nested(text: str, at: int, read_item: Optional[Reader]) -> List[Any]:
    stack: List[List[Any]] = []
    length = len(text)
    while at < length:
        c = text[at]
        if c == "{":
            stack.append([])
            at += 1
        elif c == "}":
            done = stack.pop()
            at += 1
            if not stack:
                if at != length:
                    break
                return done
            stack[-1].append(done)
        elif c == ",":
            at += 1
        else:
            m = _ITEM.match(text, at)
            if m is None or not stack:
                break
            if m.group(2) is not None:
                stack[-1].append(_plain_item(m.group(2), read_item))
            else:
                item = _ESCAPE.sub(r"\1", m.group(1))
                stack[-1].append(read_item(item) if read_item else item)
            at = m.end()
    raise ValueError(f"not an array: {text[:80]!r}")


def write_array(items: Iterable[Any]) -> str:
    return "{" + ",".join(_write_item(item) for item in items) + "}"


def _write_item(item: Any) -> str:
    if item is None:
        return "NULL"
    if isinstance(item, (list, tuple)):
        return write_array(item)
    if isinstance(item, bool) or not isinstance(item, (int, decimal.Decimal)):
        return '"' + write_text(item).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(item)


# ---- ranges ------------------------------------------------------------------------------------------------------------

RangeParts = Tuple[Optional[str], Optional[str], str, bool]  # lower, upper, bounds, empty
_BOUND = r'(?:"((?:[^"\\]|\\.|"")*)"|([^,\[\]()"\\]*))'
_RANGE = re.compile(r"([\[(])" + _BOUND + "," + _BOUND + r"([\])])", re.DOTALL)
_BOUND_ESCAPE = re.compile(r'\\(.)|""', re.DOTALL)


def _bound(quoted: Optional[str], plain: Optional[str]) -> Optional[str]:
    if quoted is not None:
        return _BOUND_ESCAPE.sub(lambda m: m.group(1) or '"', quoted)
    return plain or None


def _parts(m: "re.Match[str]") -> RangeParts:
    return _bound(m.group(2), m.group(3)), _bound(m.group(4), m.group(5)), m.group(1) + m.group(6), False


def read_range(text: str) -> RangeParts:
    if text == "empty":
        return None, None, "[)", True
    m = _RANGE.fullmatch(text)
    if m is None:
        raise ValueError(f"not a range: {text[:80]!r}")
    return _parts(m)


def read_multirange(text: str) -> Iterator[RangeParts]:
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError(f"not a multirange: {text[:80]!r}")
    at, end = 1, len(text) - 1
    while at < end:
        m = _RANGE.match(text, at)
        if m is None:
            raise ValueError(f"not a multirange: {text[:80]!r}")
        yield _parts(m)
        at = m.end()
        if at < end and text[at] == ",":
            at += 1


def _write_bound(value: Any) -> str:
    if value is None:
        return ""
    return '"' + write_text(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_range(lower: Any, upper: Any, bounds: str, empty: bool) -> str:
    if empty:
        return "empty"
    return f"{bounds[0]}{_write_bound(lower)},{_write_bound(upper)}{bounds[1]}"


# ---- the rest ----------------------------------------------------------------------------------------------------------


def read_bool(text: str) -> bool:
    return text in ("t", "true", "1")


def read_bytes(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise ValueError("bytea is not in the server's hex form: SET bytea_output = hex")
    return bytes.fromhex(text[2:])


def read_uuid(text: str) -> uuid.UUID:
    return uuid.UUID(text)


def read_numbers(text: str) -> Sequence[int]:
    """int2vector and oidvector."""
    return [int(p) for p in text.split()]
