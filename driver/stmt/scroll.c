/* Positions of a scrollable cursor. Called by rowset.c. */
#include "stmt/scroll.h"

#define MOST ((uint64_t)INT64_MAX)

static const SQLSMALLINT directions[] = {SQL_FETCH_NEXT,    SQL_FETCH_FIRST,    SQL_FETCH_LAST,
                                         SQL_FETCH_PRIOR,   SQL_FETCH_ABSOLUTE, SQL_FETCH_RELATIVE,
                                         SQL_FETCH_BOOKMARK};

bool scroll_is_direction(SQLSMALLINT direction)
{
    for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++)
        if (directions[i] == direction)
            return true;
    return false;
}

/* a + b, at most MOST: no result has that many rows. */
static uint64_t plus(uint64_t a, uint64_t b)
{
    return a >= MOST || b >= MOST - a ? MOST : a + b;
}

/* The offset without its sign. */
static uint64_t distance(int64_t offset)
{
    return offset < 0 ? 0 - (uint64_t)offset : (uint64_t)offset;
}

/* RELATIVE from outside of the result, toward it, is ABSOLUTE with the same offset. */
static SQLSMALLINT meant(const struct scroll_position *now, const struct scroll_request *r)
{
    bool inward =
        (now->place == BEFORE_START && r->offset > 0) || (now->place == AFTER_END && r->offset < 0);

    return r->direction == SQL_FETCH_RELATIVE && inward ? SQL_FETCH_ABSOLUTE : r->direction;
}

static uint64_t from_row(uint64_t row, int64_t offset)
{
    return offset >= 0 ? plus(row, (uint64_t)offset)
                       : (distance(offset) >= row ? 0 : row - distance(offset));
}

/* The row where the rowset is to begin, as far as it can be told without the end; 0: before the
 * first. */
static uint64_t wanted_start(const struct scroll_position *now, const struct scroll_request *r)
{
    switch (meant(now, r)) {
    case SQL_FETCH_NEXT:
        return now->place == ON_ROWSET ? plus(now->start, now->size) : 1;
    case SQL_FETCH_PRIOR:
        return from_row(now->start, r->size > MOST ? INT64_MIN + 1 : -(int64_t)r->size);
    case SQL_FETCH_RELATIVE:
        return from_row(now->start, r->offset);
    case SQL_FETCH_ABSOLUTE:
        return r->offset > 0 ? (uint64_t)r->offset : 0;
    case SQL_FETCH_BOOKMARK:
        return from_row(r->bookmark, r->offset);
    default:
        return 1;
    }
}

uint64_t scroll_needs(const struct scroll_position *now, const struct scroll_request *r)
{
    SQLSMALLINT direction = meant(now, r);
    bool from_end = direction == SQL_FETCH_LAST ||
                    (direction == SQL_FETCH_ABSOLUTE && r->offset < 0) ||
                    (direction == SQL_FETCH_PRIOR && now->place == AFTER_END);

    if (from_end)
        return UINT64_MAX;
    if (direction == SQL_FETCH_PRIOR && now->place == BEFORE_START)
        return 0;
    return plus(wanted_start(now, r), r->size > 0 ? r->size - 1 : 0);
}

static struct scroll_target at(uint64_t start, uint64_t last)
{
    if (start == 0)
        return (struct scroll_target){.place = BEFORE_START};
    if (start > last)
        return (struct scroll_target){.place = AFTER_END};
    return (struct scroll_target){.place = ON_ROWSET, .start = start};
}

static struct scroll_target first_row(uint64_t last, bool cut)
{
    struct scroll_target t = at(1, last);

    t.cut = cut && t.place == ON_ROWSET;
    return t;
}

static struct scroll_target last_rowset(uint64_t size, uint64_t last, bool cut)
{
    return size <= last ? at(last - size + 1, last) : first_row(last, cut);
}

static struct scroll_target prior(const struct scroll_position *now, const struct scroll_request *r,
                                  uint64_t last)
{
    if (now->place == AFTER_END)
        return last == 0 ? at(0, last) : last_rowset(r->size, last, true);
    if (now->place == BEFORE_START || now->start <= 1)
        return at(0, last);
    return now->start <= r->size ? first_row(last, true) : at(now->start - r->size, last);
}

static struct scroll_target relative(const struct scroll_position *now,
                                     const struct scroll_request *r, uint64_t last)
{
    uint64_t start;

    if (now->place != ON_ROWSET)
        return (struct scroll_target){.place = now->place};
    start = wanted_start(now, r);
    if (start >= 1)
        return at(start, last);
    return now->start > 1 && distance(r->offset) <= r->size ? first_row(last, true) : at(0, last);
}

static struct scroll_target absolute(const struct scroll_request *r, uint64_t last)
{
    uint64_t back = distance(r->offset);

    if (r->offset >= 0)
        return at((uint64_t)r->offset, last);
    if (back <= last)
        return at(last - back + 1, last);
    return back <= r->size && last > 0 ? first_row(last, true) : at(0, last);
}

struct scroll_target scroll_target(const struct scroll_position *now,
                                   const struct scroll_request *r, uint64_t last)
{
    switch (meant(now, r)) {
    case SQL_FETCH_NEXT:
        return now->place == AFTER_END ? (struct scroll_target){.place = AFTER_END}
                                       : at(wanted_start(now, r), last);
    case SQL_FETCH_LAST:
        return last_rowset(r->size, last, false);
    case SQL_FETCH_PRIOR:
        return prior(now, r, last);
    case SQL_FETCH_RELATIVE:
        return relative(now, r, last);
    case SQL_FETCH_ABSOLUTE:
        return absolute(r, last);
    case SQL_FETCH_BOOKMARK:
        return at(wanted_start(now, r), last);
    case SQL_FETCH_FIRST:
    default:
        return first_row(last, false);
    }
}
