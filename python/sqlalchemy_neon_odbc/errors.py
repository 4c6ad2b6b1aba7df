"""pyodbc's exceptions made those of PEP 249 that PostgreSQL users expect, and given a remedy where ODBC itself fails.

pyodbc knows the classes of some SQLSTATEs alone and raises plain ``Error`` for the others, 40001 and 57014 among them. The
table below is psycopg's. The SQLSTATE stands in ``exc.orig.args[0]``; ``sqlstate(exc)`` finds it.
"""

from __future__ import annotations

from typing import Any, Callable, NoReturn, Optional, Tuple

# first fitting prefix wins
CLASSES: Tuple[Tuple[str, str], ...] = (
    ("0A", "NotSupportedError"),
    ("HYC00", "NotSupportedError"),
    ("20", "ProgrammingError"),
    ("21", "ProgrammingError"),
    ("22", "DataError"),
    ("23", "IntegrityError"),
    ("24", "InternalError"),
    ("25", "InternalError"),
    ("26", "ProgrammingError"),
    ("2B", "InternalError"),
    ("2D", "InternalError"),
    ("3D", "ProgrammingError"),
    ("3F", "ProgrammingError"),
    ("42", "ProgrammingError"),
    ("44", "ProgrammingError"),
    ("P0", "ProgrammingError"),
    ("XX", "InternalError"),
    ("08", "OperationalError"),
    ("27", "OperationalError"),
    ("28", "OperationalError"),
    ("2F", "OperationalError"),
    ("34", "ProgrammingError"),
    ("38", "OperationalError"),
    ("39", "OperationalError"),
    ("3B", "OperationalError"),
    ("40", "OperationalError"),
    ("53", "OperationalError"),
    ("54", "OperationalError"),
    ("55", "OperationalError"),
    ("57", "OperationalError"),
    ("58", "OperationalError"),
    ("F0", "OperationalError"),
    ("HV", "OperationalError"),
    ("HYT", "OperationalError"),
    ("HY008", "OperationalError"),
    ("HY024", "ProgrammingError"),
    ("IM", "InterfaceError"),
)

# SQLSTATEs after which the connection is of no use. HYT00 (a statement's own time limit) is not one of them.
DISCONNECT = ("08", "HYT01", "57P01", "57P02", "57P03")

_NOT_REGISTERED = (
    " (The ODBC driver \"{driver}\" is not registered on this machine: install neon-odbc, or say which driver it is with "
    "?driver=NAME or ?driver=/path/to/libneonodbc.so. odbcinst -q -d lists those that are registered.)"
)
_NOT_LOADED = " (The driver's library cannot be loaded: check the path that odbcinst -q -d -n \"{driver}\" shows, and ldd of that file.)"


def state_of(error: BaseException) -> Optional[str]:
    args = error.args
    return args[0] if args and isinstance(args[0], str) and len(args[0]) == 5 else None


def sqlstate(error: BaseException) -> Optional[str]:
    """The SQLSTATE of a pyodbc exception or of the SQLAlchemy exception around it; None when there is none."""
    return state_of(getattr(error, "orig", None) or error)


def class_name(state: str) -> Optional[str]:
    return next((name for prefix, name in CLASSES if state.startswith(prefix)), None)


def is_disconnect(error: BaseException) -> bool:
    state = state_of(error)
    return state is not None and state.startswith(DISCONNECT)


def explain_refusal(error: BaseException, transport: str) -> BaseException:
    """transport=auto where no WebSocket gets through is HTTP, and SQLAlchemy has been told of sessions."""
    if transport != "auto" or state_of(error) != "HYC00" or "Transport=auto" not in str(error.args[1]):
        return error
    return type(error)(
        "HYC00",
        f"{error.args[1]} (transport=auto found no way to a WebSocket, which a proxy may block. With transport=http in the URL "
        "SQLAlchemy does without: keys come from sequences before the INSERT.)",
    )


def raise_better(dbapi: Any, error: BaseException) -> NoReturn:
    """Raises the error anew as the class that its SQLSTATE asks for."""
    state = state_of(error)
    name = class_name(state) if state else None
    cls = getattr(dbapi, name) if name else None
    if cls is None or type(error) is cls:
        raise error
    raise cls(*error.args) from None


def explain_connecting(error: BaseException, driver: str) -> BaseException:
    """A driver that is not there is the driver manager's error, which does not say what to do."""
    state, message = state_of(error), str(error.args[1]) if len(error.args) > 1 else ""
    remedy = ""
    if state == "IM002":
        remedy = _NOT_REGISTERED
    elif state in ("01000", "IM003") and "open lib" in message:
        remedy = _NOT_REGISTERED if "file not found" in message else _NOT_LOADED
    return type(error)(error.args[0], message + remedy.format(driver=driver)) if remedy else error


def guarded(dbapi: Any, call: Callable[..., Any], *args: Any) -> Any:
    try:
        return call(*args)
    except dbapi.Error as error:
        raise_better(dbapi, error)
