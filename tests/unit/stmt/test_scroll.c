/* Positions of a scrollable cursor: every row of the tables in SQLFetchScroll's reference, and
 * numbers at the ends of their range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "stmt/scroll.h"

#define BEFORE                                                                                     \
    {                                                                                              \
        BEFORE_START, 0, 0                                                                         \
    }
#define AFTER                                                                                      \
    {                                                                                              \
        AFTER_END, 0, 0                                                                            \
    }
#define TO_BEFORE                                                                                  \
    {                                                                                              \
        BEFORE_START, 0, false                                                                     \
    }
#define TO_AFTER                                                                                   \
    {                                                                                              \
        AFTER_END, 0, false                                                                        \
    }
#define TO(row)                                                                                    \
    {                                                                                              \
        ON_ROWSET, row, false                                                                      \
    }
#define TO_CUT                                                                                     \
    {                                                                                              \
        ON_ROWSET, 1, true                                                                         \
    }

struct scroll_case {
    struct scroll_position now; /* place, start, size then */
    SQLSMALLINT direction;
    int64_t offset;
    uint64_t size, last; /* the rowset size now; the last row of the result */
    struct scroll_target want;
};

static const struct scroll_case cases[] = {
    /* NEXT */
    {BEFORE, SQL_FETCH_NEXT, 0, 10, 100, TO(1)},
    {{ON_ROWSET, 1, 10}, SQL_FETCH_NEXT, 0, 10, 100, TO(11)},
    {{ON_ROWSET, 1, 10}, SQL_FETCH_NEXT, 0, 3, 100, TO(11)}, /* the size of the former fetch */
    {{ON_ROWSET, 91, 9}, SQL_FETCH_NEXT, 0, 10, 100, TO(100)},
    {{ON_ROWSET, 91, 10}, SQL_FETCH_NEXT, 0, 10, 100, TO_AFTER},
    {AFTER, SQL_FETCH_NEXT, 0, 10, 100, TO_AFTER},
    {BEFORE, SQL_FETCH_NEXT, 0, 10, 0, TO_AFTER},
    /* PRIOR */
    {BEFORE, SQL_FETCH_PRIOR, 0, 10, 100, TO_BEFORE},
    {{ON_ROWSET, 1, 10}, SQL_FETCH_PRIOR, 0, 10, 100, TO_BEFORE},
    {{ON_ROWSET, 2, 10}, SQL_FETCH_PRIOR, 0, 10, 100, TO_CUT},
    {{ON_ROWSET, 10, 10}, SQL_FETCH_PRIOR, 0, 10, 100, TO_CUT},
    {{ON_ROWSET, 11, 10}, SQL_FETCH_PRIOR, 0, 10, 100, TO(1)},
    {{ON_ROWSET, 50, 10}, SQL_FETCH_PRIOR, 0, 20, 100, TO(30)}, /* the size now */
    {AFTER, SQL_FETCH_PRIOR, 0, 10, 9, TO_CUT},
    {AFTER, SQL_FETCH_PRIOR, 0, 10, 10, TO(1)},
    {AFTER, SQL_FETCH_PRIOR, 0, 10, 100, TO(91)},
    {AFTER, SQL_FETCH_PRIOR, 0, 10, 0, TO_BEFORE},
    /* RELATIVE */
    {BEFORE, SQL_FETCH_RELATIVE, 5, 10, 100, TO(5)},
    {AFTER, SQL_FETCH_RELATIVE, -5, 10, 100, TO(96)},
    {AFTER, SQL_FETCH_RELATIVE, -101, 10, 100, TO_BEFORE},
    {BEFORE, SQL_FETCH_RELATIVE, 0, 10, 100, TO_BEFORE},
    {BEFORE, SQL_FETCH_RELATIVE, -1, 10, 100, TO_BEFORE},
    {{ON_ROWSET, 1, 10}, SQL_FETCH_RELATIVE, -1, 10, 100, TO_BEFORE},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, -11, 10, 100, TO_BEFORE},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, -10, 10, 100, TO_CUT},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, -4, 10, 100, TO(1)},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, 0, 10, 100, TO(5)},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, 95, 10, 100, TO(100)},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, 96, 10, 100, TO_AFTER},
    {AFTER, SQL_FETCH_RELATIVE, 0, 10, 100, TO_AFTER},
    {AFTER, SQL_FETCH_RELATIVE, 1, 10, 100, TO_AFTER},
    /* ABSOLUTE */
    {BEFORE, SQL_FETCH_ABSOLUTE, -1, 10, 100, TO(100)},
    {BEFORE, SQL_FETCH_ABSOLUTE, -100, 10, 100, TO(1)},
    {BEFORE, SQL_FETCH_ABSOLUTE, -101, 10, 100, TO_BEFORE},
    {BEFORE, SQL_FETCH_ABSOLUTE, -7, 10, 5, TO_CUT},
    {BEFORE, SQL_FETCH_ABSOLUTE, -10, 10, 5, TO_CUT},
    {BEFORE, SQL_FETCH_ABSOLUTE, -11, 10, 5, TO_BEFORE},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_ABSOLUTE, 0, 10, 100, TO_BEFORE},
    {AFTER, SQL_FETCH_ABSOLUTE, 1, 10, 100, TO(1)},
    {AFTER, SQL_FETCH_ABSOLUTE, 100, 10, 100, TO(100)},
    {BEFORE, SQL_FETCH_ABSOLUTE, 101, 10, 100, TO_AFTER},
    {BEFORE, SQL_FETCH_ABSOLUTE, -1, 10, 0, TO_BEFORE},
    /* FIRST, LAST */
    {AFTER, SQL_FETCH_FIRST, 99, 10, 100, TO(1)},
    {BEFORE, SQL_FETCH_FIRST, 0, 10, 0, TO_AFTER},
    {BEFORE, SQL_FETCH_LAST, 99, 10, 100, TO(91)},
    {BEFORE, SQL_FETCH_LAST, 0, 100, 100, TO(1)},
    {BEFORE, SQL_FETCH_LAST, 0, 101, 100, TO(1)},
    {BEFORE, SQL_FETCH_LAST, 0, 10, 0, TO_AFTER},
    /* the ends of the numbers */
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, INT64_MAX, 10, 100, TO_AFTER},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_RELATIVE, INT64_MIN, 10, 100, TO_BEFORE},
    {{ON_ROWSET, 5, UINT64_MAX}, SQL_FETCH_NEXT, 0, UINT64_MAX, 100, TO_AFTER},
    {{ON_ROWSET, 5, 10}, SQL_FETCH_PRIOR, 0, UINT64_MAX, 100, TO_CUT},
    {BEFORE, SQL_FETCH_ABSOLUTE, INT64_MAX, UINT64_MAX, 100, TO_AFTER},
    {BEFORE, SQL_FETCH_ABSOLUTE, INT64_MIN, 10, 100, TO_BEFORE},
    {BEFORE, SQL_FETCH_LAST, 0, UINT64_MAX, 100, TO(1)},
};

static void test_positions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct scroll_case *c = &cases[i];
        struct scroll_request r = {.direction = c->direction, .offset = c->offset, .size = c->size};
        struct scroll_target got = scroll_target(&c->now, &r, c->last);
        if (got.place != c->want.place || got.start != c->want.start || got.cut != c->want.cut)
            fail_msg("case %zu: place %d start %llu cut %d", i, (int)got.place,
                     (unsigned long long)got.start, got.cut);
    }
}

/* Knowing scroll_needs rows gives the same answer as knowing them all. */
static void test_what_must_be_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct scroll_case *c = &cases[i];
        struct scroll_request r = {.direction = c->direction, .offset = c->offset, .size = c->size};
        uint64_t needs = scroll_needs(&c->now, &r);
        uint64_t known = c->now.place == AFTER_END || needs > c->last ? c->last : needs;
        struct scroll_target got = scroll_target(&c->now, &r, known);
        if (got.place != c->want.place || got.start != c->want.start || got.cut != c->want.cut)
            fail_msg("case %zu needs %llu: place %d start %llu", i, (unsigned long long)needs,
                     (int)got.place, (unsigned long long)got.start);
    }
}

static void test_bookmarks(void **state)
{
    static const struct {
        uint64_t bookmark;
        int64_t offset;
        struct scroll_target want;
    } table[] = {
        {7, 0, TO(7)},
        {7, -6, TO(1)},
        {7, -7, TO_BEFORE},
        {7, 93, TO(100)},
        {7, 94, TO_AFTER},
        {101, 0, TO_AFTER},
        {101, -1, TO(100)},
        {UINT64_MAX, INT64_MAX, TO_AFTER},
        {1, INT64_MIN, TO_BEFORE},
    };
    const struct scroll_position now = {ON_ROWSET, 50, 10};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct scroll_request r = {SQL_FETCH_BOOKMARK, table[i].offset, table[i].bookmark, 10};
        struct scroll_target got = scroll_target(&now, &r, 100);
        assert_int_equal(got.place, table[i].want.place);
        assert_int_equal(got.start, table[i].want.start);
    }
}

static void test_directions(void **state)
{
    (void)state;
    for (int i = -3; i < 20; i++)
        assert_int_equal(scroll_is_direction((SQLSMALLINT)i), (i >= 1 && i <= 6) || i == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_what_must_be_known),
        cmocka_unit_test(test_bookmarks),
        cmocka_unit_test(test_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
