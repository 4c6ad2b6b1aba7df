/* An environment and a connection that was never opened, for the tests of handle/ and info/. */
#ifndef TESTS_UNIT_HANDLE_FIXTURE_H
#define TESTS_UNIT_HANDLE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "handle/attr.h"
#include "handle/dbc.h"
#include "handle/desc.h"

struct fixture {
    struct env *env;
    struct dbc *dbc;
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);

    assert_non_null(f);
    f->env = env_new();
    assert_non_null(f->env);
    f->env->odbc_version = SQL_OV_ODBC3;
    f->dbc = dbc_new(f->env);
    assert_non_null(f->dbc);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    dbc_free(f->dbc);
    env_free(f->env);
    mem_free(f);
    return 0;
}

/* The first record has that state; the records are then cleared. */
static inline void expect_state(struct handle *h, const char *state)
{
    const struct diag_record *r = diag_record(&h->diag, 1);

    assert_non_null(r);
    assert_string_equal(r->state, state);
    diag_clear(&h->diag);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
