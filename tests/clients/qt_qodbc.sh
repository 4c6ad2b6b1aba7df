#!/usr/bin/env bash
# Qt's QODBC plugin, through PyQt5.
. "$(dirname "$0")/lib/common.sh"
python=$(python_with PyQt5.QtSql) || skip "python3-pyqt5.qtsql is not installed: tests/deps.sh clients"
export QT_QPA_PLATFORM=offscreen
exec "$python" "$here/qt_client.py"
