"""Readers for the driver's private SQL types, registered on each new connection.

With ``PgTypes=1`` the driver gives types that ODBC has no faithful name for a type code of its own (16384 + OID) and their
values as UTF-8 text. The readers keep the text, in a subclass of ``str`` that knows what to become where SQLAlchemy knows
no type (``types.NeonNull``); typed columns read it as the text it is.
"""

from __future__ import annotations

import decimal
from typing import Any, Callable, Dict, Tuple, Type

from . import text, types

PRIVATE_TYPES = 16384


def _identity(value: str) -> str:
    return value


# OID, OID of its array, and how an element of the array is read
_ELEMENTS: Tuple[Tuple[int, int, Callable[[str], Any]], ...] = (
    (16, 1000, text.read_bool),
    (17, 1001, text.read_bytes),
    (18, 1002, _identity),
    (19, 1003, _identity),
    (20, 1016, int),
    (21, 1005, int),
    (22, 1006, _identity),
    (23, 1007, int),
    (24, 1008, _identity),
    (25, 1009, _identity),
    (26, 1028, int),
    (27, 1010, _identity),
    (28, 1011, int),
    (29, 1012, int),
    (30, 1013, _identity),
    (114, 199, types.read_json),
    (142, 143, _identity),
    (600, 1017, _identity),
    (601, 1018, _identity),
    (602, 1019, _identity),
    (603, 1020, _identity),
    (604, 1027, _identity),
    (628, 629, _identity),
    (650, 651, types.read_network),
    (700, 1021, float),
    (701, 1022, float),
    (718, 719, _identity),
    (774, 775, _identity),
    (790, 791, _identity),
    (829, 1040, _identity),
    (869, 1041, types.read_inet),
    (1033, 1034, _identity),
    (1042, 1014, _identity),
    (1043, 1015, _identity),
    (1082, 1182, text.read_date),
    (1083, 1183, text.read_time),
    (1114, 1115, text.read_timestamp),
    (1184, 1185, text.read_timestamp),
    (1186, 1187, text.read_interval),
    (1266, 1270, text.read_time),
    (1560, 1561, _identity),
    (1562, 1563, _identity),
    (1700, 1231, decimal.Decimal),
    (1790, 2201, _identity),
    (2202, 2207, _identity),
    (2203, 2208, _identity),
    (2204, 2209, _identity),
    (2205, 2210, _identity),
    (2206, 2211, _identity),
    (2249, 2287, _identity),
    (2275, 1263, _identity),
    (2950, 2951, text.read_uuid),
    (2970, 2949, _identity),
    (3220, 3221, _identity),
    (3614, 3643, _identity),
    (3615, 3645, _identity),
    (3642, 3644, _identity),
    (3734, 3735, _identity),
    (3769, 3770, _identity),
    (3802, 3807, types.read_json),
    (4072, 4073, _identity),
    (4089, 4090, _identity),
    (4096, 4097, _identity),
    (4191, 4192, _identity),
    (5038, 5039, _identity),
    (5069, 271, _identity),
)

# OID of the range, of its array, of the multirange, of its array, and how a bound is read
_RANGES: Tuple[Tuple[int, int, int, int, Callable[[str], Any]], ...] = (
    (3904, 3905, 4451, 6150, int),
    (3906, 3907, 4532, 6151, decimal.Decimal),
    (3908, 3909, 4533, 6152, text.read_timestamp),
    (3910, 3911, 4534, 6153, text.read_timestamp),
    (3912, 3913, 4535, 6155, text.read_date),
    (3926, 3927, 4536, 6157, int),
)


def _classes() -> Dict[int, Type[types.Tagged]]:
    out: Dict[int, Type[types.Tagged]] = {
        114: types.JsonText,
        3802: types.JsonText,
        2950: types.UuidText,
        1186: types.IntervalText,
        1184: types.TimestampText,
        1266: types.TimeText,
    }
    for _oid, array, read in _ELEMENTS:
        out[array] = types.json_array_text() if read is types.read_json else types.array_text(read)
    out[1020] = types.box_array_text()
    for single, singles, multi, multis, bound in _RANGES:
        out[single] = types.range_text(bound)
        out[multi] = types.multirange_text(bound)
        # ranges contain commas and quotes, but their arrays are ordinary ones
        out[singles] = types.array_text(types.range_reader(bound))
        out[multis] = types.array_text(types.multirange_reader(bound))
    return out


def _reader(cls: Type[types.Tagged]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        return None if data is None else cls(data, "utf-8")

    return read


CODES: Dict[int, Type[types.Tagged]] = {PRIVATE_TYPES + oid: cls for oid, cls in _classes().items()}
_READERS = tuple((code, _reader(cls)) for code, cls in CODES.items())


def register(connection: Any) -> None:
    add = connection.add_output_converter
    for code, reader in _READERS:
        add(code, reader)


__all__ = ["register", "CODES", "PRIVATE_TYPES"]
