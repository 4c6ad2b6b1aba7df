"""Keys for new objects of a flush where transactions are buffered (``transport=http``).

SQLAlchemy takes the key of each new object from its sequence and then writes the object by itself, because it cannot ask the
INSERT for its keys: a request for each. With the keys there before, all objects of a table are one INSERT. So a listener
gives them before the flush, out of a block of as many values.

An engine does not hear of a session before its flush is under way, when it is too late, so the listener is on all sessions of
the process. It is there from the first engine that buffers on, looks at nothing while there is none, and changes nothing
but what such an engine stores. ``create_engine(keys_before_flush=False)`` does without.
"""

from __future__ import annotations

import weakref
from typing import Any, Dict, List

from sqlalchemy import event, exc
from sqlalchemy import inspect as state_of
from sqlalchemy.orm import Session

_listening = False
_dialects: "weakref.WeakSet[Any]" = weakref.WeakSet()  # whose transactions are buffered


def _key_column(mapper: Any) -> Any:
    """The column of the base table that a sequence fills; None when it is filled otherwise."""
    column = getattr(mapper.local_table, "_autoincrement_column", None)
    if column is None or column.default is not None or not mapper.columns.contains_column(column):
        return None
    if column.identity is not None and column.identity.always:
        return None  # such a value needs OVERRIDING, which the compiler writes for values that it fetches itself
    return column


def _buffers(session: Any, mapper: Any) -> bool:
    try:
        bind = session.get_bind(mapper)
    except exc.UnboundExecutionError:
        return False  # the flush says it
    return bind.dialect in _dialects and bool(bind.dialect.buffers)


def _give(session: Any, mapper: Any, column: Any, targets: List[Any]) -> None:
    name = mapper.get_property_by_column(column).key
    targets = [one for one in targets if one.__dict__.get(name) is None]
    connection = session.connection(bind_arguments={"mapper": mapper})
    dialect = connection.dialect
    if len(targets) < 2 or dialect not in _dialects or connection.connection.dbapi_connection.autocommit:
        return  # a session may choose another engine each time it is asked
    options = connection.get_execution_options()
    context = dialect.execution_ctx_cls._init_default(dialect, connection, connection._dbapi_connection, options)
    try:
        targets.sort(key=lambda one: int(state_of(one).insert_order))
        for done, one in enumerate(targets):
            context.keys_wanted = len(targets) - done
            setattr(one, name, context.get_insert_default(column))
    finally:
        context.cursor.close()


def _give_keys(session: Any, flush_context: Any, instances: Any) -> None:
    by_mapper: Dict[Any, List[Any]] = {}
    if not _dialects:
        return
    for one in session.new if instances is None else ():
        by_mapper.setdefault(state_of(one).mapper.base_mapper, []).append(one)
    for mapper, targets in by_mapper.items():
        column = _key_column(mapper) if len(targets) > 1 and _buffers(session, mapper) else None
        if column is not None:
            _give(session, mapper, column, targets)


def listen(dialect: Any) -> None:
    """Gives keys to what sessions store through ``dialect``."""
    global _listening
    _dialects.add(dialect)
    if not _listening:
        _listening = True
        event.listen(Session, "before_flush", _give_keys)
