"""The asynchronous dialect: the synchronous one, each call of ODBC in a thread (aioodbc)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Coroutine, Dict, Optional, Tuple

from sqlalchemy.connectors.aioodbc import (
    AsyncAdapt_aioodbc_connection,
    AsyncAdapt_aioodbc_cursor,
    AsyncAdapt_aioodbc_dbapi,
    AsyncAdapt_aioodbc_ss_cursor,
    aiodbcConnector,
)
from sqlalchemy.engine import URL
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util.concurrency import await_only

from .dialect import NeonDialect, NeonExecutionContext

AGAIN_S = 0.1


class _Cursor(AsyncAdapt_aioodbc_cursor):  # type: ignore[misc]
    """Cancelling a task cancels its statement: the thread would go on, and the connection, whose lock that thread holds, could
    be neither used nor closed."""

    __slots__ = ()

    async def _with_its_task(self, call: Coroutine[Any, Any, Any]) -> Any:
        running = asyncio.ensure_future(call)
        cursor: Any = self._cursor
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            while not running.done():
                with contextlib.suppress(self._adapt_connection.dbapi.Error):  # closed by now
                    cursor._impl.cancel()
                await asyncio.wait((running,), timeout=AGAIN_S)  # the thread may not have begun when it was told
            if not running.cancelled():
                running.exception()  # how the statement ended nobody wants to know any more
            raise

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._with_its_task(super()._execute_async(operation, parameters))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._with_its_task(super()._executemany_async(operation, seq_of_parameters))


class _StreamingCursor(_Cursor, AsyncAdapt_aioodbc_ss_cursor):  # type: ignore[misc]
    __slots__ = ()

    def fetchone(self) -> Any:
        return await_only(self._with_its_task(self._cursor.fetchone()))

    def fetchmany(self, size: Optional[int] = None) -> Any:
        return await_only(self._with_its_task(self._cursor.fetchmany(size=size)))

    def fetchall(self) -> Any:
        return await_only(self._with_its_task(self._cursor.fetchall()))


class _Connection(AsyncAdapt_aioodbc_connection):  # type: ignore[misc]
    _cursor_cls = _Cursor
    _ss_cursor_cls = _StreamingCursor
    __slots__ = ()


class _Module(AsyncAdapt_aioodbc_dbapi):  # type: ignore[misc]
    def connect(self, *args: Any, **kw: Any) -> _Connection:
        create = kw.pop("async_creator_fn", self.aioodbc.connect)
        return _Connection(self, await_only(create(*args, **kw)))


class NeonAsyncExecutionContext(NeonExecutionContext):
    def create_server_side_cursor(self) -> Any:
        return self._dbapi_connection.cursor(server_side=True)


class NeonAsyncDialect(aiodbcConnector, NeonDialect):
    driver = "neonodbc_async"
    is_async = True
    supports_statement_cache = True
    execution_ctx_cls = NeonAsyncExecutionContext

    @classmethod
    def import_dbapi(cls) -> Any:
        pyodbc = NeonDialect.import_dbapi()
        try:
            return _Module(__import__("aioodbc"), pyodbc)
        except ImportError as error:
            raise ImportError(
                f"aioodbc cannot be loaded ({error}). Install it with pip install 'sqlalchemy-neon-odbc[asyncio]'."
            ) from None

    @classmethod
    def get_pool_class(cls, url: URL) -> Any:
        return AsyncAdaptedQueuePool

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> Any:
        return cls

    def create_connect_args(self, url: URL) -> Tuple[Tuple[()], Dict[str, Any]]:  # type: ignore[override]
        (text,), kw = NeonDialect.create_connect_args(self, url)
        return (), {**kw, "dsn": text}


dialect_async = NeonAsyncDialect
dialect = NeonAsyncDialect
