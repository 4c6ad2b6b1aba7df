"""The asynchronous dialect: the synchronous one, each call of ODBC in a thread (aioodbc)."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from sqlalchemy.connectors.aioodbc import aiodbcConnector
from sqlalchemy.engine import URL
from sqlalchemy.pool import AsyncAdaptedQueuePool

from .dialect import NeonDialect, NeonExecutionContext


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
        NeonDialect.import_dbapi()
        try:
            return super().import_dbapi()
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
