/* What must hold for every text that script_parse accepts, for test_script.c and the fuzz target.
 */
#ifndef TESTS_UNIT_SQL_SCRIPT_CHECKS_H
#define TESTS_UNIT_SQL_SCRIPT_CHECKS_H

#include "sql/script.h"

/* Parses, and aborts the program with a message when something does not hold. */
void script_checks(struct strview text, const struct script_options *o);

#endif
