"""What the dialect does differently where transactions are buffered (``transport=http``).

A buffered transaction is sent as a whole when it commits, so nothing that it returns may come from its own writes:
RETURNING is off, and keys are taken from their sequences before the rows are written. A sequence's value belongs to no
transaction, so it is asked for beside it, on a second connection in autocommit mode, in blocks that double. What is left of
a block when the transaction ends is dropped: sequences have gaps anyway.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List

from sqlalchemy.dialects.postgresql import OID
from sqlalchemy.dialects.postgresql.base import PGCompiler

from . import errors

LARGEST_BLOCK = 256
MOST_WANTED = 10000

_NEXTVAL = re.compile(r"\s*select\s+(nextval\s*\(.*\))\s*$", re.IGNORECASE | re.DOTALL)
_TO_VALUES = re.compile(r"\) (VALUES \(|SELECT )")


class Sequences:
    """Values of sequences for one connection: asked for beside its transaction."""

    def __init__(self, connect: Callable[[], Any], dbapi: Any) -> None:
        self._connect, self._dbapi = connect, dbapi
        self._connection: Any = None
        self._blocks: Dict[str, List[int]] = {}
        self._sizes: Dict[str, int] = {}

    def _ask(self, expression: str, count: int) -> List[int]:
        if self._connection is None:
            self._connection = self._connect()
        cursor = self._connection.cursor()
        try:
            cursor.execute(f"SELECT {expression} FROM pg_catalog.generate_series(1, {count})")
            return [row[0] for row in cursor.fetchall()]
        except self._dbapi.Error as error:
            if errors.state_of(error) == "42P01":
                error = type(error)(
                    error.args[0],
                    f"{error.args[1]} (Over transport=http the keys of a table come from its sequence, which does not exist "
                    "before the transaction that creates it has committed: commit first, or use transport=auto.)",
                )
            errors.raise_better(self._dbapi, error)
        finally:
            cursor.close()

    def next(self, expression: str, wanted: int = 1) -> int:
        """``wanted``: so many are needed at least, this one among them."""
        block = self._blocks.get(expression)
        if not block:
            size = max(self._sizes.get(expression, 1), min(wanted, MOST_WANTED))
            block = self._ask(expression, size)
            block.reverse()
            self._blocks[expression] = block
            self._sizes[expression] = min(size * 2, LARGEST_BLOCK)
        return block.pop()

    def end_of_transaction(self) -> None:
        self._blocks.clear()
        self._sizes.clear()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def nextval_of(statement: str) -> str:
    """``nextval(...)`` when that is all that the statement selects, else the empty text."""
    m = _NEXTVAL.match(statement)
    return m.group(1) if m else ""


class NeonCompiler(PGCompiler):
    dialect: Any

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        if self.dialect.buffers and isinstance(dbapi_type, OID):
            return f"{sqltext}::REGCLASS::OID"  # takes numbers, and names of tables (see reflection)
        return super().render_bind_cast(type_, dbapi_type, sqltext)

    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> str:
        text = operator.opstring
        if self.dialect.paramstyle == "qmark":
            text = text.replace("?", "??")  # the driver's way of writing the operator beside ? as a marker
        return str(self._generate_generic_binary(element, f" {text} ", **kw))

    def visit_insert(self, insert_stmt: Any, *args: Any, **kw: Any) -> str:
        text: str = super().visit_insert(insert_stmt, *args, **kw)
        if self.dialect.insert_returning or not self.insert_prefetch:
            return text
        identities = [getattr(column, "identity", None) for column in self.insert_prefetch]  # (stand-ins for rows behind the first)
        if any(identity is not None and identity.always for identity in identities):
            # the value comes from the column's own sequence
            text = _TO_VALUES.sub(r") OVERRIDING SYSTEM VALUE \1", text, count=1)
        return text
