"""Reflection where transactions are buffered (``transport=http``).

SQLAlchemy finds a table's OID with one query and its keys and indexes by that OID with the next. In a buffered transaction a
table that it has created gets another OID each time a read runs behind the definitions that wait. So there the queries go by
name: a table is asked for as ``'schema.table'::regclass``, and comes back as the text of that.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, util
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.dialects.postgresql.base import PGDialect


def _by_name(query: Any, column_name: str) -> Any:
    columns = [
        cast(cast(column, REGCLASS), Text).label(column_name) if column.key == column_name else column
        for column in query.selected_columns
    ]
    return query.with_only_columns(*columns)


class ReflectionByName(PGDialect):
    buffers = False

    def _get_table_oids(self, connection: Any, schema: Any, filter_names: Any, scope: Any, kind: Any, **kw: Any) -> Any:
        if not self.buffers:
            return super()._get_table_oids(connection, schema, filter_names, scope, kind, **kw)
        has_filter_names, params = self._prepare_filter_names(filter_names)
        query = _by_name(self._table_oids_query(schema, has_filter_names, scope, kind), "oid")
        return connection.execute(query, params).all()

    @util.memoized_property
    def _constraint_query(self) -> Any:
        query = super()._constraint_query
        return _by_name(query, "conrelid") if self.buffers else query

    @util.memoized_property
    def _index_query(self) -> Any:
        query = super()._index_query
        return _by_name(query, "indrelid") if self.buffers else query
