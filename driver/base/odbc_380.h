/* What ODBC 3.80 and unixODBC define and iODBC's headers do not, so that the rest of the driver
 * need not ask which driver manager it is built for. Included before every source of a --with-iodbc
 * build (Makefile.am) and of no other. Values: the ODBC 3.8 headers. Whatever a newer iODBC brings
 * itself wins. */
#ifndef NEON_BASE_ODBC_380_H
#define NEON_BASE_ODBC_380_H

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#ifndef SQL_OV_ODBC3_80
#define SQL_OV_ODBC3_80 380UL
#endif

/* Functions */
#ifndef SQL_API_SQLCANCELHANDLE
#define SQL_API_SQLCANCELHANDLE 1550
SQLRETURN SQL_API SQLCancelHandle(SQLSMALLINT type, SQLHANDLE handle);
#endif

/* Attributes */
#ifndef SQL_ATTR_RESET_CONNECTION
#define SQL_ATTR_RESET_CONNECTION 116
#define SQL_RESET_CONNECTION_YES 1UL
#endif
#ifndef SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE
#define SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE 117
#define SQL_ASYNC_DBC_ENABLE_ON 1UL
#define SQL_ASYNC_DBC_ENABLE_OFF 0UL
#endif
#ifndef SQL_ATTR_ASYNC_STMT_EVENT
#define SQL_ATTR_ASYNC_STMT_EVENT 29
#endif
#ifndef SQL_ATTR_DRIVER_THREADING
#define SQL_ATTR_DRIVER_THREADING 1028
#endif

/* Parameters */
#ifndef SQL_PARAM_OUTPUT_STREAM
#define SQL_PARAM_INPUT_OUTPUT_STREAM 8
#define SQL_PARAM_OUTPUT_STREAM 16
#endif

/* SQLGetInfo */
#ifndef SQL_ASYNC_DBC_FUNCTIONS
#define SQL_ASYNC_DBC_FUNCTIONS 10023
#define SQL_ASYNC_DBC_NOT_CAPABLE 0x00000000L
#endif
#ifndef SQL_DRIVER_AWARE_POOLING_SUPPORTED
#define SQL_DRIVER_AWARE_POOLING_SUPPORTED 10024
#endif
#ifndef SQL_ASYNC_NOTIFICATION
#define SQL_ASYNC_NOTIFICATION 10025
#define SQL_ASYNC_NOTIFICATION_NOT_CAPABLE 0x00000000L
#endif
#ifndef SQL_CONVERT_GUID
#define SQL_CONVERT_GUID 173
#endif
#ifndef SQL_CVT_GUID
#define SQL_CVT_GUID 0x01000000L
#endif

#endif
