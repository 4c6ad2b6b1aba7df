"""Lets SQLAlchemy's own test suite find the PostgreSQL provisioning for this dialect."""

from sqlalchemy.dialects.postgresql.provision import *  # noqa: F401,F403
