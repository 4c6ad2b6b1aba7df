"""SQLAlchemy's own compliance suite for third-party dialects, run by run.sh beside this file."""

import pytest

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402,F401,F403
