/* Reads the data files of tests/data: cases of input and expected outcome.
 *
 *     == what the case shows [word word]      words in brackets are options for the test
 *     the input, any number of lines
 *     =>
 *     the outcome, any number of lines
 *
 * Lines before the first == are remarks. The last newline of input and outcome does not belong to
 * them. */
#ifndef TESTS_UNIT_SQL_CASEFILE_H
#define TESTS_UNIT_SQL_CASEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct testcase {
    const char *title; /* with the options */
    struct strview input;
    struct strview expected;
    size_t line; /* of the title, in the file */
};

/* Calls `run` for each case of $srcdir/tests/data/<path>; `run` writes the real outcome. Fails the
 * cmocka test at the end when any differed, after printing each difference, and when the file has
 * fewer than `at_least` cases. */
void casefile_check(const char *path, size_t at_least,
                    void (*run)(const struct testcase *c, struct buf *outcome));
/* Is the word among the options? */
bool testcase_has(const struct testcase *c, const char *option);

/* Calls `run` for each line of name<TAB>value; lines that begin with # and empty ones are left out.
 * Returns their number. */
size_t tsvfile_each(const char *path,
                    void (*run)(struct strview left, struct strview right, size_t line, void *ctx),
                    void *ctx);
/* The whole file; the caller frees it with mem_free. Fails the test when it cannot be read. */
char *datafile_read(const char *path, size_t *len);

#endif
