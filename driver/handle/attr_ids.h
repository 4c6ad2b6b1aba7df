/* Numbers of attributes that stand in attr_*.def and not in every driver manager's headers. For
 * attr_rows.h and the test of attributes. */
#ifndef NEON_HANDLE_ATTR_IDS_H
#define NEON_HANDLE_ATTR_IDS_H

#include <sql.h>
#include <sqlext.h>

#include "neonodbc.h"

/* Of the driver manager's own header (sqlspi.h), or of unixODBC alone. */
#ifndef SQL_ATTR_DBC_INFO_TOKEN
#define SQL_ATTR_DBC_INFO_TOKEN 118
#endif
#ifndef SQL_ATTR_ASYNC_DBC_EVENT
#define SQL_ATTR_ASYNC_DBC_EVENT 119
#endif
#ifndef SQL_ATTR_ASYNC_DBC_NOTIFICATION_CALLBACK
#define SQL_ATTR_ASYNC_DBC_NOTIFICATION_CALLBACK 120
#define SQL_ATTR_ASYNC_DBC_NOTIFICATION_CONTEXT 121
#endif
#ifndef SQL_ATTR_ASYNC_STMT_EVENT
#define SQL_ATTR_ASYNC_STMT_EVENT 29
#endif
#ifndef SQL_ATTR_ASYNC_STMT_NOTIFICATION_CALLBACK
#define SQL_ATTR_ASYNC_STMT_NOTIFICATION_CALLBACK 30
#define SQL_ATTR_ASYNC_STMT_NOTIFICATION_CONTEXT 31
#endif
#ifndef SQL_ATTR_DRIVER_THREADING
#define SQL_ATTR_DRIVER_THREADING 1028
#endif
#ifndef SQL_ATTR_UNIXODBC_SYSPATH
#define SQL_ATTR_UNIXODBC_SYSPATH 65001
#define SQL_ATTR_UNIXODBC_VERSION 65002
#define SQL_ATTR_UNIXODBC_ENVATTR 65003
#endif

#endif
