"""SQLAlchemy's own account of what its test suite needs, for its tests of PostgreSQL (run.sh): it opens some of them for the
drivers that it brings alone, by their names. Found by the tests' plugin through test.cfg, beside SQLAlchemy's sources."""

from sqlalchemy import event, pool
from sqlalchemy.testing import exclusions
from test.requirements import DefaultRequirements


class Requirements(DefaultRequirements):
    range_types = multirange_types = property(lambda self: exclusions.open())


@event.listens_for(pool.Pool, "checkin")
def forget_plans(connection, record):
    """Many tests have a table of the same name with other types, created on another connection of the pool than the one that
    kept a statement for the table before: inside a transaction the server fails that statement (0A000), as over TCP."""
    if connection is not None:
        connection.cursor().execute("DEALLOCATE ALL")
        connection.rollback()
