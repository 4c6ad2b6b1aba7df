/* Included before anything else by the files that hold the functions of async.def: what they write
 * as SQLExecute is sync_SQLExecute, called by async_api.c, which alone exports SQLExecute. */
#ifndef NEON_API_SYNC_NAMES_H
#define NEON_API_SYNC_NAMES_H

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

/* Declared here: where headers come with the compiler's command line (iODBC's), the names below are
 * too late for them. */
extern __typeof__(SQLExecute) sync_SQLExecute;
extern __typeof__(SQLFetch) sync_SQLFetch;
extern __typeof__(SQLMoreResults) sync_SQLMoreResults;
extern __typeof__(SQLExecDirect) sync_SQLExecDirect;
extern __typeof__(SQLExecDirectW) sync_SQLExecDirectW;
extern __typeof__(SQLParamData) sync_SQLParamData;
extern __typeof__(SQLNumResultCols) sync_SQLNumResultCols;
extern __typeof__(SQLDescribeCol) sync_SQLDescribeCol;
extern __typeof__(SQLDescribeColW) sync_SQLDescribeColW;
extern __typeof__(SQLColAttribute) sync_SQLColAttribute;
extern __typeof__(SQLColAttributeW) sync_SQLColAttributeW;
extern __typeof__(SQLDescribeParam) sync_SQLDescribeParam;
extern __typeof__(SQLGetData) sync_SQLGetData;
extern __typeof__(SQLFetchScroll) sync_SQLFetchScroll;
extern __typeof__(SQLExtendedFetch) sync_SQLExtendedFetch;
extern __typeof__(SQLBulkOperations) sync_SQLBulkOperations;
extern __typeof__(SQLSetPos) sync_SQLSetPos;
extern __typeof__(SQLTables) sync_SQLTables;
extern __typeof__(SQLTablesW) sync_SQLTablesW;
extern __typeof__(SQLColumns) sync_SQLColumns;
extern __typeof__(SQLColumnsW) sync_SQLColumnsW;
extern __typeof__(SQLPrimaryKeys) sync_SQLPrimaryKeys;
extern __typeof__(SQLPrimaryKeysW) sync_SQLPrimaryKeysW;
extern __typeof__(SQLForeignKeys) sync_SQLForeignKeys;
extern __typeof__(SQLForeignKeysW) sync_SQLForeignKeysW;
extern __typeof__(SQLStatistics) sync_SQLStatistics;
extern __typeof__(SQLStatisticsW) sync_SQLStatisticsW;
extern __typeof__(SQLSpecialColumns) sync_SQLSpecialColumns;
extern __typeof__(SQLSpecialColumnsW) sync_SQLSpecialColumnsW;
extern __typeof__(SQLTablePrivileges) sync_SQLTablePrivileges;
extern __typeof__(SQLTablePrivilegesW) sync_SQLTablePrivilegesW;
extern __typeof__(SQLColumnPrivileges) sync_SQLColumnPrivileges;
extern __typeof__(SQLColumnPrivilegesW) sync_SQLColumnPrivilegesW;
extern __typeof__(SQLProcedures) sync_SQLProcedures;
extern __typeof__(SQLProceduresW) sync_SQLProceduresW;
extern __typeof__(SQLProcedureColumns) sync_SQLProcedureColumns;
extern __typeof__(SQLProcedureColumnsW) sync_SQLProcedureColumnsW;

#define SQLExecute sync_SQLExecute
#define SQLFetch sync_SQLFetch
#define SQLMoreResults sync_SQLMoreResults
#define SQLExecDirect sync_SQLExecDirect
#define SQLExecDirectW sync_SQLExecDirectW
#define SQLParamData sync_SQLParamData
#define SQLNumResultCols sync_SQLNumResultCols
#define SQLDescribeCol sync_SQLDescribeCol
#define SQLDescribeColW sync_SQLDescribeColW
#define SQLColAttribute sync_SQLColAttribute
#define SQLColAttributeW sync_SQLColAttributeW
#define SQLDescribeParam sync_SQLDescribeParam
#define SQLGetData sync_SQLGetData
#define SQLFetchScroll sync_SQLFetchScroll
#define SQLExtendedFetch sync_SQLExtendedFetch
#define SQLBulkOperations sync_SQLBulkOperations
#define SQLSetPos sync_SQLSetPos
#define SQLTables sync_SQLTables
#define SQLTablesW sync_SQLTablesW
#define SQLColumns sync_SQLColumns
#define SQLColumnsW sync_SQLColumnsW
#define SQLPrimaryKeys sync_SQLPrimaryKeys
#define SQLPrimaryKeysW sync_SQLPrimaryKeysW
#define SQLForeignKeys sync_SQLForeignKeys
#define SQLForeignKeysW sync_SQLForeignKeysW
#define SQLStatistics sync_SQLStatistics
#define SQLStatisticsW sync_SQLStatisticsW
#define SQLSpecialColumns sync_SQLSpecialColumns
#define SQLSpecialColumnsW sync_SQLSpecialColumnsW
#define SQLTablePrivileges sync_SQLTablePrivileges
#define SQLTablePrivilegesW sync_SQLTablePrivilegesW
#define SQLColumnPrivileges sync_SQLColumnPrivileges
#define SQLColumnPrivilegesW sync_SQLColumnPrivilegesW
#define SQLProcedures sync_SQLProcedures
#define SQLProceduresW sync_SQLProceduresW
#define SQLProcedureColumns sync_SQLProcedureColumns
#define SQLProcedureColumnsW sync_SQLProcedureColumnsW

#endif
