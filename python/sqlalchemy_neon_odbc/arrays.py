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
MOST_ROWS = 1000
MOST_BYTES = 8 * 1024 * 1024

WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)
Row = Sequence[Optional[str]]


def _write(value: Any) -> Optional[str]:
    return None if value is None else text.write_text(write_untyped(value))


def _units(value: Optional[str]) -> int:
    if value is None:
        return 1
    return max(1, len(value)) if value.isascii() else len(value.encode("utf-16-le")) // 2


def sets(rows: Sequence[Sequence[Any]]) -> Iterator[Tuple[List[int], List[Row]]]:
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


def execute(cursor: Any, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    cursor.fast_executemany = True
    for widths, values in sets(rows):
        cursor.setinputsizes([(SQL_WVARCHAR, width, 0) for width in widths])
        cursor.executemany(statement, values)
