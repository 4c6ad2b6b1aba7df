/* A parsed script as text, for the case files. */
#ifndef TESTS_UNIT_SQL_SCRIPT_DUMP_H
#define TESTS_UNIT_SQL_SCRIPT_DUMP_H

#include "casefile.h"

/* Parses the case's input with its options ([noscan], [dollar], [escape], [off]) and writes
 *     the error: SQLSTATE and text
 * or for each statement
 *     text
 *     $1 is parameter 3; returns parameter 2; markers: 1 2cast 1; call of name     only what
 * applies and is not the usual and, when the markers of the statements do not explain it, "N
 * parameters". */
void script_dump_case(const struct testcase *c, struct buf *out);

#endif
