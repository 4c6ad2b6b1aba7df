"""What PostgreSQL can, for SQLAlchemy's compliance suite, by the transport of the URL that the suite runs on."""

import sqlalchemy
from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

POSTGRESQL = (
    "array_type", "autocommit", "boolean_col_expressions", "cast_precision_numerics_many_significant_digits",
    "check_constraint_reflection", "column_collation_reflection", "comment_reflection",
    "comment_reflection_full_unicode", "computed_columns_default_persisted",
    "computed_columns_reflect_persisted", "computed_columns_stored", "constraint_comment_reflection",
    "cross_schema_fk_reflection", "ctes", "ctes_on_dml", "ctes_with_update_delete", "ctes_with_values",
    "date_historic", "datetime_historic", "datetime_interval", "datetime_literals", "datetime_timezone",
    "datetime_timezone_historic", "default_schema_name_switch", "deferrable_fks", "except_",
    "expression_server_defaults", "fetch_expression", "fetch_first", "fetch_no_order_by",
    "fetch_offset_with_options", "fetch_ties", "fk_constraint_option_reflection_ondelete_noaction",
    "fk_constraint_option_reflection_ondelete_restrict", "fk_constraint_option_reflection_onupdate_restrict",
    "float_or_double_precision_behaves_generically", "foreign_key_constraint_name_reflection",
    "foreign_key_constraint_option_reflection_ondelete", "foreign_key_constraint_option_reflection_onupdate",
    "identity_columns", "identity_columns_standard", "implicit_default_schema", "index_ddl_if_exists",
    "index_reflects_included_columns", "indexes_check_column_order", "indexes_with_expressions", "infinity_floats",
    "inline_check_constraint_reflection", "intersect", "isolation_level", "json_array_indexes",
    "json_type", "legacy_unconditional_json_extract", "materialized_views",
    "nullsordering", "order_by_collation", "percent_schema_names", "precision_numerics_enotation_small",
    "precision_numerics_many_significant_digits", "precision_numerics_retains_significant_digits",
    "reflect_indexes_with_expressions", "reflect_tables_no_columns", "reflects_pk_names", "regexp_match",
    "regexp_replace", "repeated_column_foreign_keys", "schema_create_delete", "server_defaults",
    "skip_autocommit_rollback", "supports_bitwise_and", "supports_bitwise_not", "supports_bitwise_or",
    "supports_bitwise_shift", "supports_bitwise_xor", "supports_distinct_on", "table_ddl_if_exists",
    "table_value_constructor", "time_timezone", "tuple_in", "tuple_in_w_empty", "unicode_ddl",
    "unique_constraints_reflect_as_index", "update_from", "uuid_data_type", "view_column_reflection",
    "view_reflection", "views", "window_functions", "window_range",
    "window_range_numeric", "window_range_non_numeric", "create_table_as", "create_or_replace_view", "delete_from",
)

# What needs a session: no answer over HTTP keeps a temporary table or a prepared transaction.
SESSION = (
    "create_temp_table_as", "has_temp_table", "temp_table_reflection", "temp_table_reflect_indexes", "temp_table_comment_reflection", "temp_table_names", "temporary_views",
    "two_phase_transactions",
)


def transport(config):
    return config.db.dialect.transport


def autocommit(config):
    return "autocommit" in config.db.url.query


class Requirements(SuiteRequirements):
    @property
    def sane_rowcount_w_returning(self):
        return exclusions.open()

    @property
    def savepoints(self):
        return exclusions.skip_if(autocommit, "a savepoint needs a transaction")

    @property
    def server_side_cursors(self):
        # The suite tells a cursor of the server by the class that each driver it knows uses: there is none here, every
        # cursor streams. tests/sqlalchemy/test_stream.py looks at what is read instead.
        return exclusions.closed()

    @property
    def computed_columns(self):
        # SQLAlchemy 2.1 warns where the server has no virtual columns yet
        if not hasattr(exclusions, "warns_if"):
            return exclusions.open()
        return exclusions.warns_if(
            lambda config: config.db.dialect.server_version_info < (18,), ".*does not support VIRTUAL columns", assert_=False
        )

    @property
    def reflect_table_options(self):
        return exclusions.only_if(lambda config: sqlalchemy.__version__ >= "2.1", "SQLAlchemy 2.1")

    @property
    def computed_columns_virtual(self):
        return exclusions.only_if(lambda config: config.db.dialect.server_version_info >= (18,), "PostgreSQL 18")

    def get_order_by_collation(self, config):
        return "POSIX"

    def get_isolation_levels(self, config):
        return {"default": "READ COMMITTED", "supported": config.db.dialect.get_isolation_level_values(None)}


def _open(name):
    return property(lambda self: exclusions.open())


def _on_session(name):
    return property(lambda self: exclusions.only_if(lambda config: transport(config) != "http", "needs a session"))


for _name in POSTGRESQL:
    setattr(Requirements, _name, _open(_name))
for _name in SESSION:
    setattr(Requirements, _name, _on_session(_name))
