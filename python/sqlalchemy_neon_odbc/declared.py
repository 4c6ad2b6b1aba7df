"""Casts for values whose class says more than their text.

psycopg tells the server the type of each value by its class. Here values travel as text, whose type the server infers: where it
infers another one (``now() - :age``, ``:at + interval '1 day'``), or where an instant meets a timestamp without a time zone, which
would drop the offset without a word, the cast is written behind the marker.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import Any, Callable, Dict, Optional, Sequence

INSTANT = "TIMESTAMP WITH TIME ZONE"

_TIMES = (dt.datetime, dt.time, dt.timedelta)
_CLASSES: Dict[Any, Callable[[Any], Optional[str]]] = {
    dt.datetime: lambda value: None if value.tzinfo is None else INSTANT,
    dt.time: lambda value: "TIME" if value.tzinfo is None else "TIME WITH TIME ZONE",
    dt.timedelta: lambda value: "INTERVAL",
    decimal.Decimal: lambda value: None if value.is_finite() else "NUMERIC",
    int: lambda value: None if -(2**63) <= value < 2**63 else "NUMERIC",
}
_OTHERS = frozenset((str, bool, float, bytes, dt.date, type(None)))

# What hides a marker, and markers.
_TOKENS = re.compile(
    r"""[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
    | (?<![\w$])(\$(?:[^\W\d]\w*)?\$).*?\1 | (?<![\w$])\$(?P<number>\d+)""",
    re.DOTALL | re.VERBOSE,
)


def _kind(value: Any) -> Optional[str]:
    if type(value) in _OTHERS:
        return None
    kind = _CLASSES.get(type(value)) or next((kind for cls, kind in _CLASSES.items() if isinstance(value, cls)), None)
    return kind(value) if kind else None


def _with_casts(statement: str, casts: Dict[int, str]) -> str:
    def write(m: "re.Match[str]") -> str:
        cast = casts.get(int(m.group("number") or 0))
        return f"{m.group()}::{cast}" if cast else m.group()

    return _TOKENS.sub(write, statement) if casts else statement


def declare(statement: str, values: Sequence[Any]) -> str:
    """``statement`` with the casts of its values."""
    kinds = ((number, _kind(value)) for number, value in enumerate(values, 1))
    return _with_casts(statement, {number: kind for number, kind in kinds if kind})


def declare_columns(statement: str, rows: Sequence[Sequence[Any]]) -> Optional[str]:
    """``statement`` with the casts that hold for all rows; None when each needs its own: instants beside times without a zone."""
    casts = {}
    for number, column in enumerate(zip(*rows), 1):
        if not any(issubclass(cls, _TIMES) for cls in set(map(type, column))):
            continue
        kinds = {_kind(value) for value in column if value is not None}
        if len(kinds) > 1 and INSTANT in kinds:
            return None
        casts[number] = kinds.pop() if len(kinds) == 1 else None
    return _with_casts(statement, {number: kind for number, kind in casts.items() if kind})
