/* The command line as a structure. */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include <stdbool.h>

#include "gateway/jwt.h"
#include "gateway/pool.h"
#include "gateway/sql_http.h"
#include "gateway/ws_session.h"

struct options {
    struct sql_config sql;
    struct pool_limits pool;
    struct jwt_config jwt;
    const char *listen;
    const char *port_file;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_cert_out;
    const char *log;
    enum ws_mode websocket;
    bool tls;
    bool control;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Fills *o from the command line, PGPASSWORD and the --pg URL. OPTIONS_DONE: --help or --version
 * was shown. OPTIONS_WRONG: a sentence is on stderr. The texts live as long as argv and o. */
enum options_result options_parse(struct options *o, int argc, char **argv);
void options_release(struct options *o);

/* Removes libpq's environment variables, which would reach PostgreSQL as settings of every
 * connection. Call once, after options_parse. */
void options_clean_environment(void);

#endif
