/* Allocation failure: the n-th allocation of a scenario fails, for every n. Each call succeeds or
 * answers HY001, nothing crashes or leaks (ASan runs this), and the same handles work afterwards.
 * The driver's entry points are linked in, without a driver manager, so that the failing allocator
 * is the driver's own. */
#ifndef NEON_TESTS_OOM_TEST_H
#define NEON_TESTS_OOM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sql.h>
#include <sqlext.h>

#include "base/mem.h"

#define MOST_ALLOCATIONS 2000

extern SQLHENV env;
extern SQLHDBC the_dbc;           /* of the scenario that runs */
extern const char *oom_transport; /* "auto" unless a program says otherwise */

SQLCHAR *text(const char *s);
/* What a connection needs, from the services' environment; static buffer. */
const char *connstr(void);
/* True to go on; false when the failing allocation was met, which must be HY001. */
bool went_well(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h);
#define STMT(call) went_well((call), SQL_HANDLE_STMT, s)
bool connect_to(SQLHDBC *dbc);
void let_go(SQLHDBC dbc);
void assert_usable(SQLHSTMT s);

/* What is done on an open connection. */
typedef void scenario(SQLHSTMT s);
/* The n-th allocation fails, for n = 1, 2, ... until the scenario needs fewer. */
void fail_each(scenario *run);
void fail_each_while_connecting(void);

/* cmocka: of the group. */
int make_env(void **state);
int free_env(void **state);

#endif
