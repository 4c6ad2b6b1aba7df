/* Remarks made while keywords are read: nothing fails, but somebody should know. */
#ifndef NEON_CONFIG_CONFIG_WARNINGS_H
#define NEON_CONFIG_CONFIG_WARNINGS_H

#include "base/err.h"

#define CONFIG_WARNINGS_MAX 32

struct config_warning {
    enum sqlstate state; /* ST_01S00, ST_01S02: post it; ST_NONE: for the log alone (LOG_REQUEST) */
    char *text;          /* owned sentence without secrets */
};

struct config_warnings {
    struct config_warning
        item[CONFIG_WARNINGS_MAX]; /* what does not fit is dropped; the last one says so */
    size_t n;
};

void config_warnings_init(struct config_warnings *w);
void config_warnings_release(struct config_warnings *w);
/* Adds a remark; w may be NULL. False: HY001. */
bool config_warn(struct config_warnings *w, enum sqlstate state, struct err *e, const char *fmt,
                 ...) NEON_PRINTF(4, 5) NEON_MUST_CHECK;

#endif
