"""The synchronous dialect: PostgreSQL's, over pyodbc and the Neon ODBC driver.

What the driver's transport can do decides the flags; they are set from the same URL that makes the connection string, so that
the two cannot differ. ``name`` stays "postgresql": compilers, Alembic and type variants look at it.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Tuple, Type

from sqlalchemy import exc, pool
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.dialects.postgresql.base import PGDialect, PGExecutionContext
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import BindTyping

from . import connstr, converters, errors
from .types import COLSPECS, write_untyped

SQL_ATTR_ACCESS_MODE = 101
SQL_ATTR_TXN_ISOLATION = 108
SQL_DBMS_VER = 18

_ISOLATION = {"READ UNCOMMITTED": 1, "READ COMMITTED": 2, "REPEATABLE READ": 4, "SERIALIZABLE": 8}

# Keywords that this dialect relies on: $1 markers, SQLSTATEs as the server gives them, uuid and offsets not lost in ODBC's types.
_KEYWORDS = {
    "ParamStyle": "dollar",
    "SqlState": "postgres",
    "UuidAs": "varchar",
    "TimestampTzAs": "varchar",
}


class NeonExecutionContext(PGExecutionContext):
    def create_server_side_cursor(self) -> Any:
        # every cursor of the driver streams: rows are fetched as they are asked for
        return self._dbapi_connection.cursor()


class NeonDialect(PyODBCConnector, PGDialect):
    driver = "neonodbc"
    default_paramstyle = "numeric_dollar"
    supports_statement_cache = True
    supports_server_side_cursors = True
    supports_sane_rowcount = True
    supports_sane_rowcount_returning = True
    supports_sane_multi_rowcount = False
    supports_native_decimal = True
    use_insertmanyvalues_wo_returning = True
    insertmanyvalues_page_size = 10000
    pyodbc_driver_name = connstr.DRIVER_NAME
    colspecs = COLSPECS
    execution_ctx_cls = NeonExecutionContext
    transport = "auto"

    def __init__(self, paramstyle: Optional[str] = None, transport: Optional[str] = None, **kwargs: Any) -> None:
        if paramstyle not in (None, "numeric_dollar", "qmark"):
            raise exc.ArgumentError(f"paramstyle={paramstyle!r} is not possible: numeric_dollar or qmark.")
        super().__init__(paramstyle=paramstyle or self.default_paramstyle, **kwargs)
        self.bind_typing = BindTyping.RENDER_CASTS
        if transport is not None:
            self._set_transport(transport)
        self._driver_shown = self.pyodbc_driver_name
        self._set_on: Dict[int, Dict[str, Any]] = {}
        self._first_schema: Optional[str] = None
        self._first_isolation = "READ COMMITTED"

    # ---- connecting ----

    @classmethod
    def import_dbapi(cls) -> Any:
        try:
            return __import__("pyodbc")
        except ImportError as error:
            raise ImportError(
                f"pyodbc cannot be loaded ({error}). Install it with pip install pyodbc; where libodbc is missing, install "
                "unixODBC (Debian and Ubuntu: apt install unixodbc; macOS: brew install unixodbc)."
            ) from None

    @classmethod
    def get_pool_class(cls, url: URL) -> Type[pool.Pool]:
        return pool.QueuePool

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> Type["NeonDialect"]:
        from .aio import NeonAsyncDialect

        return NeonAsyncDialect

    def _autocommit_engine(self) -> bool:
        return getattr(self, "_on_connect_isolation_level", None) == "AUTOCOMMIT"

    def _set_transport(self, transport: str) -> None:
        if transport not in connstr.TRANSPORTS:
            raise exc.ArgumentError(f"transport={transport!r} is not possible: one of {', '.join(connstr.TRANSPORTS)}.")
        self.transport = transport
        if transport == "http" and not self._autocommit_engine():
            # A buffered transaction cannot know what its commit will return (docs: transports).
            self.insert_returning = self.update_returning = self.delete_returning = False
            self.insert_executemany_returning = self.insert_executemany_returning_sort_by_parameter_order = False
            self.update_executemany_returning = self.delete_executemany_returning = False

    def create_connect_args(self, url: URL) -> Tuple[Tuple[str], Dict[str, Any]]:
        defaults = dict(_KEYWORDS)
        if self.paramstyle == "qmark":
            defaults["ParamStyle"] = "auto"
        if self.transport != "auto":
            defaults["Transport"] = self.transport
        if connstr.wants_autocommit(url):
            self._on_connect_isolation_level = "AUTOCOMMIT"
        text, keywords = connstr.connection_string(url, defaults)
        self._set_transport(keywords.get("Transport", self.transport))
        self._driver_shown = str(url.query.get("driver", self.pyodbc_driver_name))
        return (text,), {"autocommit": True} if self._autocommit_engine() else {}

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        try:
            return super().connect(*cargs, **cparams)
        except self.loaded_dbapi.Error as error:
            errors.raise_better(self.loaded_dbapi, errors.explain_connecting(error, self._driver_shown))

    def on_connect(self) -> Any:
        first = super().on_connect()

        def prepare(connection: Any) -> None:
            self._set_on.pop(id(self._raw(connection)), None)
            converters.register(connection)
            if first is not None:
                first(connection)

        return prepare

    # ---- first connection: one request ----

    def initialize(self, connection: Any) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(
                "SELECT pg_catalog.current_schema(), pg_catalog.current_setting('default_transaction_isolation')"
            )
            self._first_schema, isolation = cursor.fetchone()
        finally:
            cursor.close()
        self._first_isolation = isolation.upper()
        super().initialize(connection)
        self._first_schema = None

    def _get_default_schema_name(self, connection: Any) -> Optional[str]:
        return self._first_schema or super()._get_default_schema_name(connection)

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        return self._first_isolation

    def _set_backslash_escapes(self, connection: Any) -> None:
        self._backslash_escapes = False  # the driver refuses roles with standard_conforming_strings off

    def _get_server_version_info(self, connection: Any) -> Tuple[int, ...]:
        text = self._raw(connection.connection.dbapi_connection).getinfo(SQL_DBMS_VER)
        numbers = [int(part) for part in text.split(" ")[0].split(".") if part.isdigit()]
        if not numbers or numbers[0] == 0:
            text = connection.exec_driver_sql("SELECT pg_catalog.current_setting('server_version_num')").scalar()
            numbers = [int(text) // 10000, int(text) % 10000]
        return tuple(number for number in numbers[:2])

    # ---- transactions ----

    @staticmethod
    def _raw(dbapi_connection: Any) -> Any:
        """pyodbc's own connection, below the pool's and aioodbc's wrappers."""
        inner = getattr(dbapi_connection, "driver_connection", None) or dbapi_connection
        return getattr(inner, "_conn", inner)

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        return (*_ISOLATION, "AUTOCOMMIT")

    def _settings(self, dbapi_connection: Any) -> Dict[str, Any]:
        """What was set on a connection: ODBC's attributes are kept by the driver, and pyodbc cannot read them back."""
        return self._set_on.setdefault(id(self._raw(dbapi_connection)), {})

    def _set_attr(self, dbapi_connection: Any, attribute: int, value: int) -> None:
        errors.guarded(self.loaded_dbapi, self._raw(dbapi_connection).set_attr, attribute, value)

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        if level == "AUTOCOMMIT":
            dbapi_connection.autocommit = True
            return
        dbapi_connection.autocommit = False
        self._set_attr(dbapi_connection, SQL_ATTR_TXN_ISOLATION, _ISOLATION[level])
        self._settings(dbapi_connection)["isolation"] = level

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        if dbapi_connection.autocommit:
            return "AUTOCOMMIT"
        return self._settings(dbapi_connection).get("isolation", self._first_isolation)

    def set_readonly(self, connection: Any, value: bool) -> None:
        self._set_attr(connection, SQL_ATTR_ACCESS_MODE, int(bool(value)))
        self._settings(connection)["readonly"] = bool(value)

    def get_readonly(self, connection: Any) -> bool:
        return bool(self._settings(connection).get("readonly", False))

    def do_commit(self, dbapi_connection: Any) -> None:
        errors.guarded(self.loaded_dbapi, super().do_commit, dbapi_connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        errors.guarded(self.loaded_dbapi, super().do_rollback, dbapi_connection)

    def do_close(self, dbapi_connection: Any) -> None:
        self._set_on.pop(id(self._raw(dbapi_connection)), None)
        super().do_close(dbapi_connection)

    def do_ping(self, dbapi_connection: Any) -> bool:
        if self.transport != "websocket":
            return True  # between transactions there is no connection that could be dead
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        finally:
            cursor.close()
        if not dbapi_connection.autocommit:
            dbapi_connection.rollback()
        return True

    def do_begin_twophase(self, connection: Any, xid: Any) -> None:
        if self.transport == "http":
            raise exc.InvalidRequestError(
                "Two-phase transactions need a session: use transport=websocket or transport=auto in the URL."
            )
        super().do_begin_twophase(connection, xid)

    def do_prepare_twophase(self, connection: Any, xid: Any) -> None:
        connection.exec_driver_sql(f"PREPARE TRANSACTION {_literal(xid)}")

    def do_rollback_twophase(self, connection: Any, xid: Any, is_prepared: bool = True, recover: bool = False) -> None:
        self._end_twophase(connection, "ROLLBACK", xid, is_prepared)

    def do_commit_twophase(self, connection: Any, xid: Any, is_prepared: bool = True, recover: bool = False) -> None:
        self._end_twophase(connection, "COMMIT", xid, is_prepared)

    def _end_twophase(self, connection: Any, verb: str, xid: Any, is_prepared: bool) -> None:
        dbapi_connection = connection.connection.dbapi_connection
        if not is_prepared:
            (self.do_commit if verb == "COMMIT" else self.do_rollback)(dbapi_connection)
            return
        # COMMIT PREPARED may not run inside a transaction.
        self.do_rollback(dbapi_connection)
        before = dbapi_connection.autocommit
        dbapi_connection.autocommit = True
        try:
            cursor = dbapi_connection.cursor()
            errors.guarded(self.loaded_dbapi, cursor.execute, f"{verb} PREPARED {_literal(xid)}")
            cursor.close()
        finally:
            dbapi_connection.autocommit = before

    # ---- statements ----

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        try:
            if parameters:
                cursor.execute(statement or ";", [write_untyped(value) for value in parameters])
            else:
                cursor.execute(statement or ";")
        except self.loaded_dbapi.Error as error:
            errors.raise_better(self.loaded_dbapi, error)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        self.do_execute(cursor, statement, (), context)

    def do_executemany(self, cursor: Any, statement: str, parameters: Sequence[Any], context: Any = None) -> None:
        if self.fast_executemany:
            cursor.fast_executemany = True
        errors.guarded(
            self.loaded_dbapi,
            cursor.executemany,
            statement,
            [[write_untyped(value) for value in row] for row in parameters],
        )

    def is_disconnect(self, e: Exception, connection: Any, cursor: Any) -> bool:
        return errors.is_disconnect(e) or super().is_disconnect(e, connection, cursor)


def _literal(text: Any) -> str:
    return "'" + str(text).replace("'", "''") + "'"


dialect = NeonDialect
