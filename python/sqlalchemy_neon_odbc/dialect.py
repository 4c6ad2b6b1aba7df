"""The synchronous dialect: PostgreSQL's, over pyodbc and the Neon ODBC driver.

What the driver's transport can do decides the flags; they are set from the same URL that makes the connection string, so that
the two cannot differ. ``name`` stays "postgresql": compilers, Alembic and type variants look at it.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple, Type

from sqlalchemy import exc, pool
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.dialects.postgresql.base import PGExecutionContext
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.sql.compiler import _InsertManyValuesBatch

from . import arrays, buffered, connstr, converters, declared, errors
from .reflection import ReflectionByName
from .types import COLSPECS, write_untyped

SQL_ATTR_ACCESS_MODE = 101
SQL_ATTR_TXN_ISOLATION = 108
NEON_ATTR_TXN_DEFERRABLE = 66001
SQL_DBMS_VER = 18

_ISOLATION = {"READ UNCOMMITTED": 1, "READ COMMITTED": 2, "REPEATABLE READ": 4, "SERIALIZABLE": 8}

# Keywords that this dialect relies on: $1 markers, SQLSTATEs as the server gives them, types that ODBC would lose.
_KEYWORDS = {"ParamStyle": "dollar", "SqlState": "postgres", "PgTypes": "1", "UuidAs": "varchar", "TimestampTzAs": "varchar"}

# A statement must stay below what one request may have (MaxRequestBytes, 9 MiB): text and escapes come on top.
_BATCH_BYTES = 4 * 1024 * 1024


class NeonExecutionContext(PGExecutionContext):
    dialect: Any
    keys_wanted = 1

    def create_server_side_cursor(self) -> Any:
        # every cursor of the driver streams: rows are fetched as they are asked for
        return self._dbapi_connection.cursor()

    def post_exec(self) -> None:
        if self._is_server_side and self.cursor.description is None:
            self._is_server_side = False  # stream_results on a connection, and a statement without rows
        super().post_exec()

    def _execute_scalar(self, stmt: str, type_: Any, parameters: Any = None) -> Any:
        expression = buffered.nextval_of(stmt) if self.dialect.buffers else ""
        dbapi_connection = self.root_connection.connection.dbapi_connection
        if not expression or dbapi_connection.autocommit:  # type: ignore[union-attr]
            return super()._execute_scalar(stmt, type_, parameters)
        if "schema_translate_map" in self.execution_options:
            translate = self.execution_options.get("schema_translate_map", {})
            expression = self.identifier_preparer._render_schema_translates(expression, translate)
        value = self.dialect.sequences_of(dbapi_connection).next(expression, self.keys_wanted)
        process = type_._cached_result_processor(self.dialect, int) if type_ is not None else None
        return process(value) if process else value


class _State:
    """What belongs to one connection and pyodbc cannot tell: ODBC's attributes are write-only there."""

    __slots__ = ("arguments", "process", "isolation", "readonly", "deferrable", "sequences")

    def __init__(self) -> None:
        self.arguments: Tuple[Any, Dict[str, Any]] = ((), {})
        self.process = os.getpid()
        self.isolation: Optional[str] = None
        self.readonly = self.deferrable = False
        self.sequences: Optional[buffered.Sequences] = None


class NeonDialect(PyODBCConnector, ReflectionByName):
    driver = "neonodbc"
    default_paramstyle = "numeric_dollar"
    supports_statement_cache = True
    supports_server_side_cursors = True
    supports_sane_rowcount = True
    supports_sane_rowcount_returning = True
    supports_sane_multi_rowcount = False
    supports_native_decimal = True
    returns_native_bytes = True
    use_insertmanyvalues_wo_returning = True
    insertmanyvalues_page_size = 10000
    pyodbc_driver_name = connstr.DRIVER_NAME
    colspecs = COLSPECS
    execution_ctx_cls = NeonExecutionContext
    statement_compiler = buffered.NeonCompiler
    transport = "auto"
    buffers = False  # transactions are kept back until they commit
    _states: Dict[int, _State] = {}  # of all dialects: a connection may be looked at through another engine's

    def __init__(
        self,
        paramstyle: Optional[str] = None,
        transport: Optional[str] = None,
        fast_executemany: bool = True,
        keys_before_flush: bool = True,
        **kwargs: Any,
    ) -> None:
        if paramstyle not in (None, "numeric_dollar", "qmark"):
            raise exc.ArgumentError(f"paramstyle={paramstyle!r} is not possible: numeric_dollar or qmark.")
        super().__init__(paramstyle=paramstyle or self.default_paramstyle, **kwargs)
        self.bind_typing = BindTyping.RENDER_CASTS
        self.fast_executemany = fast_executemany
        self.keys_before_flush = keys_before_flush
        if transport is not None:
            self._set_transport(transport)
        self._driver_shown = self.pyodbc_driver_name
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

    def _set_transport(self, transport: str, has_token: bool = False) -> None:
        if transport not in connstr.TRANSPORTS:
            raise exc.ArgumentError(f"transport={transport!r} is not possible: one of {', '.join(connstr.TRANSPORTS)}.")
        if transport == "websocket" and has_token:
            raise exc.ArgumentError(
                "auth_token and transport=websocket exclude each other: Neon takes tokens over HTTP alone. Use transport=http."
            )
        self.transport = transport
        # No WebSocket takes a token, so transport=auto with one buffers too.
        self.buffers = (transport == "http" or has_token) and not self._autocommit_engine()
        if self.buffers:
            if self.keys_before_flush:
                from . import keys  # the ORM, which programs without it need not load otherwise

                keys.listen(self)
            # A buffered transaction cannot know what its commit will return (docs: transactions).
            self.insert_returning = self.update_returning = self.delete_returning = False
            self.insert_executemany_returning = self.insert_executemany_returning_sort_by_parameter_order = False
            self.update_executemany_returning = self.delete_executemany_returning = False

    def _without_counts(self) -> None:
        """``buffered_row_count=none``: an UPDATE's count is not known before the commit, so nobody may rely on it."""
        self.supports_sane_rowcount = self.supports_sane_rowcount_returning = False
        # SQLAlchemy only warns when a mapper has a version_id_col that cannot be checked: a lost update must not pass.
        warnings.filterwarnings("error", message=r"Dialect postgresql\+neonodbc\w* does not support updated rowcount - versioning")

    def create_connect_args(self, url: URL) -> Tuple[Tuple[str], Dict[str, Any]]:
        defaults = dict(_KEYWORDS)
        if self.paramstyle == "qmark":
            defaults["ParamStyle"] = "auto"
        defaults["Transport"] = self.transport
        # In a buffered transaction each write is tried at once and rolled back: counts and errors are where they belong.
        defaults["BufferedRowCount"] = "preview"
        if connstr.wants_autocommit(url):
            if self._on_connect_isolation_level not in (None, "AUTOCOMMIT"):
                raise exc.ArgumentError(
                    f"The URL's autocommit=true and isolation_level={self._on_connect_isolation_level!r} exclude each other: leave one out."
                )
            self._on_connect_isolation_level = "AUTOCOMMIT"
        text, keywords = connstr.connection_string(url, defaults)
        has_token = bool(keywords.get("token") or keywords.get("tokenfile"))
        self._set_transport(connstr.transport_of(keywords["transport"]), has_token)
        if self.buffers and keywords["bufferedrowcount"].lower() == "none":
            self._without_counts()
        self._driver_shown = str(url.query.get("driver", self.pyodbc_driver_name))
        return (text,), {"autocommit": True} if self._autocommit_engine() else {}

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        more, cparams = connstr.from_arguments(cparams)
        if more and "dsn" in cparams:
            cparams["dsn"] = more + cparams["dsn"]
        elif more:
            cargs = (more + cargs[0], *cargs[1:])
        connstr.refuse_lost_settings(str(cparams.get("dsn") or "".join(cargs[:1])))
        try:
            connection = super().connect(*cargs, **cparams)
        except self.loaded_dbapi.Error as error:
            errors.raise_better(self.loaded_dbapi, errors.explain_connecting(error, self._driver_shown))
        state = self._states[id(self._lasting(connection))] = _State()
        state.arguments = cargs, cparams
        return connection

    def on_connect(self) -> Any:
        first = super().on_connect()

        def prepare(connection: Any) -> None:
            converters.register(self._raw(connection))
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

    def _get_default_schema_name(self, connection: Any) -> Any:
        return self._first_schema or super()._get_default_schema_name(connection)

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        return self._state(dbapi_conn).isolation or self._first_isolation

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
    def _lasting(dbapi_connection: Any) -> Any:
        """What is the same object for as long as the connection is there, below the pool's wrappers: pyodbc's connection, or
        aioodbc's, which drops the former when it is lost."""
        return getattr(dbapi_connection, "driver_connection", None) or dbapi_connection

    def _raw(self, dbapi_connection: Any) -> Any:
        """pyodbc's own connection."""
        lasting = self._lasting(dbapi_connection)
        return getattr(lasting, "_conn", lasting)

    def _state(self, dbapi_connection: Any) -> _State:
        return self._states.setdefault(id(self._lasting(dbapi_connection)), _State())

    def _set_attr(self, dbapi_connection: Any, attribute: int, value: int) -> None:
        errors.guarded(self.loaded_dbapi, self._raw(dbapi_connection).set_attr, attribute, value)

    def sequences_of(self, dbapi_connection: Any) -> buffered.Sequences:
        state = self._state(dbapi_connection)
        if state.sequences is None:
            cargs, cparams = state.arguments
            if not cargs and not cparams:
                raise exc.InvalidRequestError(
                    "transport=http takes keys from sequences on a second connection, which an engine made with creator= "
                    "has no address for: give the URL, or make the engine with isolation_level='AUTOCOMMIT'."
                )
            state.sequences = buffered.Sequences(
                lambda: self.loaded_dbapi.connect(*cargs, **{**cparams, "autocommit": True}), self.loaded_dbapi
            )
        return state.sequences

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        return (*_ISOLATION, "AUTOCOMMIT")

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        state = self._state(dbapi_connection)
        if level == "AUTOCOMMIT":
            dbapi_connection.autocommit = True
            if state.isolation is not None:  # each statement has the server's, not that of a transaction before
                self._set_attr(dbapi_connection, SQL_ATTR_TXN_ISOLATION, _ISOLATION[self._first_isolation])
                state.isolation = None
            return
        dbapi_connection.autocommit = False
        self._set_attr(dbapi_connection, SQL_ATTR_TXN_ISOLATION, _ISOLATION[level])
        state.isolation = level

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        if dbapi_connection.autocommit:
            return "AUTOCOMMIT"
        return self._state(dbapi_connection).isolation or self._first_isolation

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        return bool(dbapi_conn.autocommit)

    def set_readonly(self, connection: Any, value: bool) -> None:
        self._set_attr(connection, SQL_ATTR_ACCESS_MODE, int(bool(value)))
        self._state(connection).readonly = bool(value)

    def get_readonly(self, connection: Any) -> bool:
        return self._state(connection).readonly

    def set_deferrable(self, connection: Any, value: bool) -> None:
        self._set_attr(connection, NEON_ATTR_TXN_DEFERRABLE, int(bool(value)))
        self._state(connection).deferrable = bool(value)

    def get_deferrable(self, connection: Any) -> bool:
        return self._state(connection).deferrable

    def do_commit(self, dbapi_connection: Any) -> None:
        self._end_buffered(dbapi_connection)
        errors.guarded(self.loaded_dbapi, super().do_commit, dbapi_connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        self._end_buffered(dbapi_connection)
        errors.guarded(self.loaded_dbapi, super().do_rollback, dbapi_connection)

    def _end_buffered(self, dbapi_connection: Any) -> None:
        if self.buffers:
            sequences = self._state(dbapi_connection).sequences
            if sequences is not None:
                sequences.end_of_transaction()

    def do_close(self, dbapi_connection: Any) -> None:
        state = self._states.pop(id(self._lasting(dbapi_connection)), None)
        if state is not None and state.sequences is not None:
            state.sequences.close()
        super().do_close(dbapi_connection)

    @staticmethod
    @contextlib.contextmanager
    def _outside(dbapi_connection: Any) -> Iterator[None]:
        """In autocommit mode: between transactions, and starting none."""
        before = dbapi_connection.autocommit
        dbapi_connection.autocommit = True
        try:
            yield
        finally:
            dbapi_connection.autocommit = before

    def do_ping(self, dbapi_connection: Any) -> bool:
        if self.transport == "websocket":
            with self._outside(dbapi_connection), contextlib.closing(dbapi_connection.cursor()) as cursor:
                errors.guarded(self.loaded_dbapi, cursor.execute, "SELECT 1")
        else:
            # Between transactions there is no connection that could be dead; but this one may be closed, or a parent process's.
            (self._raw(dbapi_connection) or dbapi_connection).cursor().close()
            if self._state(dbapi_connection).process != os.getpid():
                raise self.loaded_dbapi.OperationalError("08003", "The connection was opened before fork().")
        return True

    # ---- two-phase transactions: on a session ----

    def do_begin_twophase(self, connection: Any, xid: Any) -> None:
        if self.buffers:
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
        # COMMIT PREPARED may not run inside a transaction, and the prepared one has left this connection already.
        self.do_rollback(dbapi_connection)
        with self._outside(dbapi_connection):
            connection.exec_driver_sql(f"{verb} PREPARED {_literal(xid)}")

    # ---- statements ----

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        if isinstance(parameters, arrays.Rows):
            self.do_executemany(cursor, statement, parameters, context)
            return
        try:
            if parameters:
                if self.paramstyle != "qmark":
                    statement = declared.declare(statement, parameters)
                cursor.execute(statement or ";", [write_untyped(value) for value in parameters])
            else:
                cursor.execute(statement or ";")
        except self.loaded_dbapi.Error as error:
            errors.raise_better(self.loaded_dbapi, errors.explain_refusal(error, self.transport))

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        self.do_execute(cursor, statement, (), context)

    def do_executemany(self, cursor: Any, statement: str, parameters: Sequence[Any], context: Any = None) -> None:
        whole = statement if self.paramstyle == "qmark" else declared.declare_columns(statement, parameters)
        if whole is None:
            for row in parameters:
                self.do_execute(cursor, statement, row, context)
        elif self.fast_executemany and len(parameters) > 1 and parameters[0] and arrays.WRITES.match(statement):
            errors.guarded(self.loaded_dbapi, arrays.execute, cursor, whole, parameters)
        else:
            rows = [[write_untyped(value) for value in row] for row in parameters]
            errors.guarded(self.loaded_dbapi, cursor.executemany, whole, rows)

    def _deliver_insertmanyvalues_batches(
        self, connection: Any, cursor: Any, statement: Any, parameters: Any, generic_setinputsizes: Any, context: Any
    ) -> Any:
        """SQLAlchemy counts rows; a request has a limit in bytes. Without RETURNING rows go as arrays, where they can."""
        if self.fast_executemany and not context.compiled.effective_returning and not context.compiled.schema_translate_map:
            pages = -(-len(parameters) * max(1, len(parameters[0])) // self.insertmanyvalues_max_parameters)
            rows = arrays.insert_rows(statement, parameters, pages)
            if rows is not None:
                yield _InsertManyValuesBatch(
                    replaced_statement=statement,
                    replaced_parameters=rows,
                    processed_setinputsizes=None,
                    batch=parameters,
                    sentinel_values=(),
                    current_batch_size=len(parameters),
                    batchnum=1,
                    total_batches=1,
                    rows_sorted=False,
                    is_downgraded=False,
                )
                return
        options = context.execution_options
        page = min(len(parameters), options.get("insertmanyvalues_page_size", self.insertmanyvalues_page_size))
        fitting = _fitting_page([_size(row) for row in parameters], page)
        if fitting < page:
            context.execution_options = options.union({"insertmanyvalues_page_size": fitting})
        yield from super()._deliver_insertmanyvalues_batches(
            connection, cursor, statement, parameters, generic_setinputsizes, context
        )

    def is_disconnect(self, e: Exception, connection: Any, cursor: Any) -> bool:
        return errors.is_disconnect(e) or super().is_disconnect(e, connection, cursor)


def _size(row: Sequence[Any]) -> int:
    """About how many bytes a row's values are in a request."""
    return sum(len(value) * 2 if isinstance(value, (str, bytes, bytearray)) else 24 for value in row)


def _fitting_page(sizes: Sequence[int], page: int) -> int:
    """The largest of page, page / 2, page / 4, ... rows of which no page exceeds what a request may have."""
    while page > 1 and any(sum(sizes[at : at + page]) > _BATCH_BYTES for at in range(0, len(sizes), page)):
        page = (page + 1) // 2
    return page


def _literal(text: Any) -> str:
    return "'" + str(text).replace("'", "''") + "'"


dialect = NeonDialect
