#!/usr/bin/env bash
# PHP: the odbc_* functions (an ODBC 2 application with static cursors) and PDO_ODBC.
. "$(dirname "$0")/lib/common.sh"
need php
[ "$(php -r 'echo extension_loaded("odbc") && extension_loaded("pdo_odbc") ? 1 : 0;')" = 1 ] ||
    skip "php-odbc is not installed: tests/deps.sh clients"
# Text of more than 8190 characters needs this: both size their buffers by the description (docs/clients.md).
data_source TextAsLongVarchar=1
exec php -d display_errors=stderr -d error_reporting=-1 "$here/php_client.php"
