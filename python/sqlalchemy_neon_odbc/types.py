"""SQLAlchemy types as this driver carries them.

Every bind carries a cast in the SQL (``$1::INTEGER``), so values may travel as text; results of types that ODBC does not
know arrive as text and are read here. ``COLSPECS`` is the table the dialect hands to SQLAlchemy.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import json
import math
import uuid
from typing import Any, Callable, Dict, Optional, Tuple, Type

from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql import pg_catalog
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.postgresql.json import JSONPathType
from sqlalchemy.dialects.postgresql.ranges import (
    AbstractMultiRange,
    AbstractMultiRangeImpl,
    AbstractSingleRange,
    AbstractSingleRangeImpl,
    MultiRange,
    Range,
)
from sqlalchemy.engine import processors

from . import text

Processor = Optional[Callable[[Any], Any]]


def _on_text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """A processor that reads text and leaves alone what the driver has made an object of already."""

    def process(value: Any) -> Any:
        return read(value) if isinstance(value, str) else value

    return process


# ---- types that need nothing but their cast -----------------------------------------------------------------------------


def _with_cast(base: Type[Any], **attributes: Any) -> Type[Any]:
    return type("Neon" + base.__name__, (base,), {"render_bind_cast": True, "cache_ok": True, **attributes})


NeonString = _with_cast(sqltypes.String)
NeonCITEXT = _with_cast(pg.CITEXT)
NeonInteger = _with_cast(sqltypes.Integer)
NeonSmallInteger = _with_cast(sqltypes.SmallInteger)
NeonBigInteger = _with_cast(sqltypes.BigInteger)
NeonBoolean = _with_cast(sqltypes.Boolean)
NeonBYTEA = _with_cast(pg.BYTEA)
NeonBIT = _with_cast(pg.BIT)
NeonOID = _with_cast(pg.OID)
NeonREGCLASS = _with_cast(pg.REGCLASS)
NeonREGCONFIG = _with_cast(pg.REGCONFIG)
NeonHSTORE = _with_cast(pg.HSTORE)
NeonJSON = _with_cast(pg.JSON)
NeonJSONB = _with_cast(pg.JSONB)
NeonTSVECTOR = _with_cast(pg.TSVECTOR)
NeonTSQUERY = _with_cast(pg.TSQUERY)
NeonMACADDR = _with_cast(pg.MACADDR)
NeonMACADDR8 = _with_cast(pg.MACADDR8)
NeonMONEY = _with_cast(pg.MONEY)
NeonEnum = _with_cast(pg.ENUM)
NeonDate = _with_cast(
    sqltypes.Date, result_processor=lambda self, dialect, coltype: None if coltype is dt.date else _on_text(text.read_date)
)
NeonJSONIntIndexType = _with_cast(sqltypes.JSON.JSONIntIndexType, __visit_name__="json_int_index")
NeonJSONStrIndexType = _with_cast(sqltypes.JSON.JSONStrIndexType, __visit_name__="json_str_index")


class NeonJSONPathType(JSONPathType):
    pass


# ---- numbers -------------------------------------------------------------------------------------------------------------


class _Number:
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        return _write_number

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        if not self.asdecimal:  # type: ignore[attr-defined]
            return None if coltype is float else processors.to_float
        if coltype is decimal.Decimal:
            return None
        scale = self._effective_decimal_return_scale  # type: ignore[attr-defined]
        return lambda value: _to_decimal(value, scale)


def _write_number(value: Any) -> Any:
    """A number that is not finite is text in SQL; whole numbers beyond 64 bits too."""
    if isinstance(value, (float, decimal.Decimal)):
        return value if math.isfinite(value) else text.write_text(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def _to_decimal(value: Any, scale: int) -> Any:
    if value is None or isinstance(value, decimal.Decimal):
        return value
    if isinstance(value, float):
        return decimal.Decimal(f"{value:.{scale}f}") if value - value == 0 else decimal.Decimal(value)
    return decimal.Decimal(value)


class NeonNumeric(_Number, sqltypes.Numeric):
    pass


class NeonFloat(_Number, sqltypes.Float):
    pass


# ---- dates and times -----------------------------------------------------------------------------------------------------


class NeonDateTime(sqltypes.DateTime):
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        return _write_datetime if self.timezone else _refuse_nat  # (an instant for a column without a zone: declared.py)

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return None if coltype is dt.datetime and not self.timezone else _on_text(text.read_timestamp)


def _refuse_nat(value: Any) -> Any:
    if isinstance(value, dt.datetime) and value != value:  # the fields of pandas' NaT are those of the year 1
        raise ValueError(f"{value!r} is no time that PostgreSQL has: give None for NULL")
    return value


def _write_datetime(value: Any) -> Any:
    """ODBC's timestamp has no zone: an aware one travels as text."""
    if isinstance(_refuse_nat(value), dt.datetime) and value.tzinfo is not None:
        return value.isoformat(" ")
    return value


class NeonTime(sqltypes.Time):
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        return lambda value: value.isoformat() if isinstance(value, dt.time) else value

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return None if coltype is dt.time else _on_text(text.read_time)

    def _sentinel_value_resolver(self, dialect: Any) -> Processor:
        return None if self.timezone else text.read_time


class NeonInterval(pg.INTERVAL):
    render_bind_cast = True

    @classmethod
    def adapt_emulated_to_native(cls, impl: Any, **kw: Any) -> "NeonInterval":  # type: ignore[override]
        return NeonInterval(precision=impl.second_precision)

    def bind_processor(self, dialect: Any) -> Processor:
        return lambda value: text.write_interval(value) if isinstance(value, dt.timedelta) else value

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return _on_text(text.read_interval)


# ---- identifiers and addresses ---------------------------------------------------------------------------------------------


class NeonUuid(pg.UUID):
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        if self.as_uuid:
            return _on_text(uuid.UUID)
        return lambda value: None if value is None else str(uuid.UUID(str(value)))

    def _sentinel_value_resolver(self, dialect: Any) -> Processor:
        return None  # bound and returned values are the same text


class _Address:
    render_bind_cast = True
    _read: Callable[[str], Any] = staticmethod(ipaddress.ip_address)

    def bind_processor(self, dialect: Any) -> Processor:
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return None if dialect._native_inet_types is False else _on_text(self._read)


def read_inet(value: str) -> Any:
    return ipaddress.ip_interface(value) if "/" in value else ipaddress.ip_address(value)


def read_network(value: str) -> Any:
    return ipaddress.ip_network(value)


class NeonINET(_Address, pg.INET):
    _read = staticmethod(read_inet)


class NeonCIDR(_Address, pg.CIDR):
    _read = staticmethod(read_network)


# ---- arrays --------------------------------------------------------------------------------------------------------------

# How an element of an array, which is always text, becomes what a column of its type would have given.
_ELEMENT_READERS: Tuple[Tuple[Type[Any], Callable[[str], Any]], ...] = (
    (sqltypes.Boolean, text.read_bool),
    (sqltypes.Integer, int),
    (pg.OID, int),
    (sqltypes.Float, float),
    (sqltypes.Numeric, decimal.Decimal),
    (sqltypes.LargeBinary, text.read_bytes),
    (sqltypes.NullType, str),
)


def element_reader(impl: Any, dialect: Any) -> Processor:
    read = next((reader for cls, reader in _ELEMENT_READERS if isinstance(impl, cls)), None)
    process = impl.result_processor(dialect, decimal.Decimal if read is decimal.Decimal else None)
    if read is None or process is None:
        return read or process
    return lambda item: process(read(item))


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value


class NeonARRAY(pg.ARRAY):
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        items = super().bind_processor(dialect)

        def process(value: Any) -> Any:
            if value is None:
                return None
            return text.write_array(items(value) if items else value)

        return process

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        read_item = element_reader(self.item_type.dialect_impl(dialect), dialect)
        convert_items = super().result_processor(dialect, coltype)
        as_tuple = self.as_tuple

        def process(value: Any) -> Any:
            if not isinstance(value, str):
                return convert_items(value)  # a type around this one has split the text itself
            value = text.read_array(value, read_item)
            return _as_tuple(value) if as_tuple else value

        return process


class _Numbers:
    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return _on_text(text.read_numbers)


class NeonINT2VECTOR(_Numbers, pg_catalog.INT2VECTOR):
    pass


class NeonOIDVECTOR(_Numbers, pg_catalog.OIDVECTOR):
    pass


# ---- ranges --------------------------------------------------------------------------------------------------------------

_RANGE_READERS: Dict[str, Callable[[str], Any]] = {
    "INT4": int,
    "INT8": int,
    "NUM": decimal.Decimal,
    "DATE": text.read_date,
    "TS": text.read_timestamp,
    "TSTZ": text.read_timestamp,
}


def bound_reader(visit_name: str) -> Callable[[str], Any]:
    kind = visit_name.upper().replace("MULTIRANGE", "").replace("RANGE", "")
    return _RANGE_READERS.get(kind, str)


def make_range(parts: text.RangeParts, read: Callable[[str], Any]) -> Range[Any]:
    lower, upper, bounds, empty = parts
    kind: Any = bounds
    return Range(
        None if lower is None else read(lower), None if upper is None else read(upper), bounds=kind, empty=empty
    )


def write_range(value: Any) -> Any:
    if isinstance(value, Range):
        return text.write_range(value.lower, value.upper, value.bounds, value.empty)
    return value


def write_multirange(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return "{" + ",".join(write_range(item) for item in value) + "}"


class NeonRange(AbstractSingleRangeImpl):  # type: ignore[type-arg]
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        return write_range

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        read = bound_reader(self.__visit_name__)
        return _on_text(lambda value: make_range(text.read_range(value), read))


class NeonMultiRange(AbstractMultiRangeImpl):  # type: ignore[type-arg]
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        return write_multirange

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        read = bound_reader(self.__visit_name__)
        return _on_text(lambda value: MultiRange(make_range(part, read) for part in text.read_multirange(value)))


# ---- values whose type SQLAlchemy does not know ----------------------------------------------------------------------------


def _write_items(value: Any) -> Any:
    nested = isinstance(value, (list, tuple)) and not isinstance(value, MultiRange)
    return [_write_items(item) for item in value] if nested else write_untyped(value)


def _write_list(value: Any) -> str:
    return text.write_array(_write_items(value))


def _as_it_is(value: Any) -> Any:
    return value


# Python values that ODBC cannot carry, or not whole: they travel as the text PostgreSQL reads.
_UNTYPED_WRITERS: Tuple[Tuple[Any, Callable[[Any], Any]], ...] = (
    (dt.datetime, _write_datetime),
    (dt.time, dt.time.isoformat),
    (dt.timedelta, text.write_interval),
    (uuid.UUID, str),
    (MultiRange, write_multirange),
    ((list, tuple), _write_list),
    (Range, write_range),
    (memoryview, bytes),
    (
        (
            ipaddress.IPv4Address,
            ipaddress.IPv6Address,
            ipaddress.IPv4Network,
            ipaddress.IPv6Network,
            ipaddress.IPv4Interface,
            ipaddress.IPv6Interface,
        ),
        str,
    ),
    (decimal.Decimal, _write_number),
    (int, _write_number),
    (str, _as_it_is),
    (enum.Enum, lambda value: value.name),
)
_PLAIN = frozenset((str, float, bool, bytes, type(None), dt.date))
_NUMPY_NUMBERS = ("b", "i", "u", "f")


def write_untyped(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    for cls, write in _UNTYPED_WRITERS:
        if isinstance(value, cls):
            return write(value)
    if getattr(value, "shape", None) == () and value.dtype.kind in _NUMPY_NUMBERS:
        return write_untyped(value.item())
    return value


class Tagged(str):
    """Text of a type that ODBC has no name for. Typed columns read it as the text it is; where SQLAlchemy knows no type,
    ``value()`` makes of it what psycopg would give."""

    __slots__ = ()

    def value(self, dialect: Any) -> Any:
        return str(self)


def _tagged(name: str, read: Callable[[str], Any]) -> Type[Tagged]:
    return type(name, (Tagged,), {"__slots__": (), "value": lambda self, dialect: read(str(self))})


def read_json(value: str) -> Any:
    return json.loads(value)


class JsonText(Tagged):
    __slots__ = ()

    def value(self, dialect: Any) -> Any:
        return (dialect._json_deserializer or json.loads)(str(self))


class JsonArrayText(Tagged):
    __slots__ = ()

    def value(self, dialect: Any) -> Any:
        return text.read_array(str(self), dialect._json_deserializer or json.loads)


UuidText = _tagged("UuidText", uuid.UUID)
IntervalText = _tagged("IntervalText", text.read_interval)
TimestampText = _tagged("TimestampText", text.read_timestamp)
TimeText = _tagged("TimeText", text.read_time)


def json_array_text() -> Type[Tagged]:
    return JsonArrayText


def array_text(read_item: Callable[[str], Any]) -> Type[Tagged]:
    return _tagged("ArrayText", lambda value: text.read_array(value, read_item))


def box_array_text() -> Type[Tagged]:
    """The only type whose arrays are separated by semicolons."""
    return _tagged("BoxArrayText", lambda value: value[1:-1].split(";") if value != "{}" else [])


def range_reader(bound: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda value: make_range(text.read_range(value), bound)


def multirange_reader(bound: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda value: MultiRange(make_range(part, bound) for part in text.read_multirange(value))


def range_text(bound: Callable[[str], Any]) -> Type[Tagged]:
    return _tagged("RangeText", range_reader(bound))


def multirange_text(bound: Callable[[str], Any]) -> Type[Tagged]:
    return _tagged("MultiRangeText", multirange_reader(bound))


class NeonNull(sqltypes.NullType):
    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        if coltype is not str and coltype is not None:
            return None
        return lambda value: value.value(dialect) if isinstance(value, Tagged) else value


class NeonDOMAIN(pg.DOMAIN):
    """A result's type is that of the domain's base: what it is made into depends on that alone."""

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return lambda value: value.value(dialect) if isinstance(value, Tagged) else value


COLSPECS: Dict[Any, Any] = {
    **PGDialect.colspecs,
    sqltypes.NullType: NeonNull,
    sqltypes.String: NeonString,
    pg.CITEXT: NeonCITEXT,
    sqltypes.Integer: NeonInteger,
    sqltypes.SmallInteger: NeonSmallInteger,
    sqltypes.BigInteger: NeonBigInteger,
    sqltypes.Numeric: NeonNumeric,
    sqltypes.Float: NeonFloat,
    sqltypes.Boolean: NeonBoolean,
    sqltypes.LargeBinary: NeonBYTEA,
    pg.BYTEA: NeonBYTEA,
    pg.BIT: NeonBIT,
    pg.OID: NeonOID,
    pg.REGCLASS: NeonREGCLASS,
    pg.REGCONFIG: NeonREGCONFIG,
    pg.HSTORE: NeonHSTORE,
    pg.TSVECTOR: NeonTSVECTOR,
    pg.TSQUERY: NeonTSQUERY,
    pg.INET: NeonINET,
    pg.CIDR: NeonCIDR,
    pg.MACADDR: NeonMACADDR,
    pg.MACADDR8: NeonMACADDR8,
    pg.MONEY: NeonMONEY,
    sqltypes.Enum: NeonEnum,
    pg.ENUM: NeonEnum,
    pg.DOMAIN: NeonDOMAIN,
    sqltypes.Date: NeonDate,
    sqltypes.DateTime: NeonDateTime,
    sqltypes.Time: NeonTime,
    sqltypes.Interval: NeonInterval,
    pg.INTERVAL: NeonInterval,
    sqltypes.Uuid: NeonUuid,
    pg.UUID: NeonUuid,
    sqltypes.JSON: NeonJSON,
    pg.JSON: NeonJSON,
    pg.JSONB: NeonJSONB,
    sqltypes.JSON.JSONPathType: NeonJSONPathType,
    sqltypes.JSON.JSONIntIndexType: NeonJSONIntIndexType,
    sqltypes.JSON.JSONStrIndexType: NeonJSONStrIndexType,
    sqltypes.ARRAY: NeonARRAY,
    pg.ARRAY: NeonARRAY,
    pg_catalog.INT2VECTOR: NeonINT2VECTOR,
    pg_catalog.OIDVECTOR: NeonOIDVECTOR,
    AbstractSingleRange: NeonRange,
    AbstractMultiRange: NeonMultiRange,
}
