"""``executemany`` as arrays of parameters: a set of rows is one call of ODBC and few requests.

pyodbc's ``fast_executemany`` binds arrays, and chooses each column's C type from its own idea of the column. Here every value
travels as the text that PostgreSQL reads (the SQL casts it), with each column as wide as its widest value; a set is cut
where its buffers would become too large.
"""

from __future__ import annotations

import re
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from . import text
from .types import write_untyped

SQL_WVARCHAR = -9
MOST_ROWS = 20000
MOST_BYTES = 16 * 1024 * 1024

WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)
_VALUE = r"(?:\$\d+|\?)::[^,()]+(?:\([\d, ]+\)[^,()]*)?"
# Rows of nothing but values, each with its type: the driver sends a column as one array.
_ROWS_OF_VALUES = re.compile(rf"\s*INSERT INTO .*\) VALUES \({_VALUE}(?:, {_VALUE})*\)\s*$", re.DOTALL)
Row = Sequence[Optional[str]]
Set = Tuple[List[int], List[Row]]


class Rows(List[Any]):
    """The parameters of many executions, ready for ``execute``."""

    sets: Sequence[Set] = ()


def _write(value: Any) -> Optional[str]:
    return None if value is None else text.write_text(write_untyped(value))


def _units(value: Optional[str]) -> int:
    if value is None:
        return 1
    return max(1, len(value)) if value.isascii() else len(value.encode("utf-16-le")) // 2


def sets(rows: Sequence[Sequence[Any]]) -> Iterator[Set]:
    """Rows as text, in sets whose buffers have a bearable size, with the widths of each set's columns."""
    widths: List[int] = []
    done: List[Row] = []
    for row in rows:
        values = [_write(value) for value in row]
        wider = [max(a, b) for a, b in zip(widths, map(_units, values))] if widths else [_units(value) for value in values]
        if done and (len(done) >= MOST_ROWS or (len(done) + 1) * sum(wider) * 2 > MOST_BYTES):
            yield widths, done
            done, wider = [], [_units(value) for value in values]
        widths = wider
        done.append(values)
    if done:
        yield widths, done


def insert_rows(statement: str, rows: Sequence[Sequence[Any]], most_sets: int) -> Optional[Rows]:
    """``rows`` for an INSERT that takes them as they are; None when they are better written as text: another kind of INSERT, or
    one value so long that the buffers, which are as wide for every row, make more than ``most_sets`` sets."""
    if not _ROWS_OF_VALUES.match(statement):
        return None
    made: List[Set] = []
    for one in sets(rows):
        if len(made) == most_sets:
            return None
        made.append(one)
    out = Rows(rows)
    out.sets = made
    return out


def execute(cursor: Any, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    cursor.fast_executemany = True
    for widths, values in rows.sets if isinstance(rows, Rows) else sets(rows):
        cursor.setinputsizes([(SQL_WVARCHAR, width, 0) for width in widths])
        cursor.executemany(statement, values)
