"""SQLAlchemy for Neon over HTTPS: ``postgresql+neonodbc://user:password@ep-....neon.tech/database``."""

from .dialect import NeonDialect
from .errors import sqlstate
from .batch import transaction, atransaction, gather

__version__ = "0.1.0"
__all__ = ["NeonDialect", "sqlstate", "transaction", "atransaction", "gather", "__version__"]
