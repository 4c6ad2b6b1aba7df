"""What the replaced projects call batches: a list of statements as one transaction, and queries side by side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple, Union

from sqlalchemy import Executable, exc, text
from sqlalchemy.engine import Connection, Engine

if TYPE_CHECKING:  # importing it needs greenlet, which SQLAlchemy 2.1 does not bring by itself
    from sqlalchemy.ext.asyncio import AsyncEngine

Statement = Union[str, Executable]
Item = Union[Statement, Tuple[Statement, Any]]

_LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


def _options(isolation_level: Optional[str], read_only: bool, deferrable: bool) -> Dict[str, Any]:
    options: Dict[str, Any] = {}
    if isolation_level is not None:
        level = isolation_level.replace("_", " ").upper()
        if level not in _LEVELS:
            raise exc.ArgumentError(f"isolation_level={isolation_level!r} is not possible: one of {', '.join(_LEVELS)}.")
        options["isolation_level"] = level
    if deferrable and (options.get("isolation_level") != "SERIALIZABLE" or not read_only):
        raise exc.ArgumentError("deferrable=True needs isolation_level='SERIALIZABLE' and read_only=True.")
    if read_only:
        options["postgresql_readonly"] = True
    if deferrable:
        options["postgresql_deferrable"] = True
    return options


def _split(item: Item) -> Tuple[Executable, Any]:
    statement, parameters = item if isinstance(item, tuple) else (item, None)
    return (text(statement) if isinstance(statement, str) else statement), parameters


class Rows(List[Any]):
    """The rows of one statement, and how many it hit."""

    rowcount: int = -1
    keys: Tuple[str, ...] = ()


def _run(connection: Connection, items: Iterable[Item]) -> List[Rows]:
    out = []
    for item in items:
        statement, parameters = _split(item)
        result = connection.execute(statement, parameters) if parameters is not None else connection.execute(statement)
        rows = Rows(result.all() if result.returns_rows else ())
        rows.rowcount = result.rowcount
        rows.keys = tuple(result.keys()) if result.returns_rows else ()
        out.append(rows)
    return out


def transaction(
    engine: Engine,
    statements: Iterable[Item],
    *,
    isolation_level: Optional[str] = None,
    read_only: bool = False,
    deferrable: bool = False,
) -> List[Rows]:
    """Runs ``statements`` (text, a construct, or a pair of one and its parameters) as one transaction: all or nothing."""
    options = _options(isolation_level, read_only, deferrable)
    with engine.connect().execution_options(**options) as connection, connection.begin():
        return _run(connection, statements)


async def atransaction(
    engine: AsyncEngine,
    statements: Iterable[Item],
    *,
    isolation_level: Optional[str] = None,
    read_only: bool = False,
    deferrable: bool = False,
) -> List[Rows]:
    """``transaction`` for an AsyncEngine."""
    options = _options(isolation_level, read_only, deferrable)
    async with engine.connect() as connection:
        await connection.execution_options(**options)
        async with connection.begin():
            return await connection.run_sync(_run, list(statements))


async def gather(engine: AsyncEngine, statements: Iterable[Item], *, at_most: int = 10) -> List[Rows]:
    """Runs independent statements side by side, each on a connection of its own, in autocommit mode; ``at_most`` at a time.

    The first error is raised after all have ended: none is left running behind the caller's back.
    """
    places = asyncio.Semaphore(at_most)

    async def one(item: Item) -> Rows:
        async with places, engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return (await connection.run_sync(_run, [item]))[0]

    results = await asyncio.gather(*(one(item) for item in statements), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)  # type: ignore[arg-type]
