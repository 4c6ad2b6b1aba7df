/* What the check of a read at the commit must know of its text (design section 3). Pure. */
#ifndef NEON_SQL_READ_SHAPE_H
#define NEON_SQL_READ_SHAPE_H

#include <stdbool.h>

#include "base/str.h"

struct read_shape {
    bool ordered;   /* ORDER BY at its top: the order of its rows is part of its answer */
    bool tableless; /* it reads no table, and calls only functions that are known to read none */
    bool varies;    /* its columns hold what differs in each transaction: now(), random(), ... */
};

struct read_shape read_shape_of(struct strview stmt);

#endif
