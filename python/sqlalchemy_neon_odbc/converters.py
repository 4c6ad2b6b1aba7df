"""Readers for the driver's private SQL types, registered on each new connection.

With ``PgTypes`` the driver gives types that ODBC has no name for a type code of its own and their values as UTF-8 text.
"""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import types

CODES: Dict[int, Callable[[str], Any]] = {}


def _reader(cls: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda data: None if data is None else cls(data.decode("utf-8"))


_READERS = {code: _reader(cls) for code, cls in CODES.items()}


def register(connection: Any) -> None:
    for code, reader in _READERS.items():
        connection.add_output_converter(code, reader)


__all__ = ["register", "CODES", "types"]
