/* The body of POST /sql as statements with their parameters in Postgres text (protocol 3). */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/failure.h"
#include "gateway/json_in.h"

struct statement {
    const char *sql; /* UTF-8, terminated; may contain NUL (has_nul) */
    bool sql_has_nul;
    size_t n_params;
    const char **params;  /* NULL = SQL NULL */
    size_t nul_param;     /* 1-based number of the first parameter that contains U+0000, else 0 */
    const char *nul_text; /* that parameter with its length, for a faithful 22021 */
    size_t nul_len;
    bool array_mode; /* rows as arrays; the header's default already applied */
};

struct request {
    bool batch;
    struct statement *statements;
    size_t n_statements;
    struct json_doc doc; /* owns most texts */
    char **owned;        /* parameter texts built here */
    size_t n_owned;
    size_t cap_owned;
};

/* Parses the body. False: f holds the 400 of protocol 5.3. Either way request_release must be
 * called on rq (zero-initialised by the caller). */
bool request_parse(struct request *rq, const char *body, size_t n, bool default_array_mode,
                   struct failure *f);
void request_release(struct request *rq);

#endif
