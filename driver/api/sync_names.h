/* Included before anything else by the files that hold the functions of async.def: what they write
 * as SQLExecute is sync_SQLExecute, called by async_api.c, which alone exports SQLExecute. */
#ifndef NEON_API_SYNC_NAMES_H
#define NEON_API_SYNC_NAMES_H

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
