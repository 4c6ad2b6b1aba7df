/* The HTTP side: serving, routing, bodies, answers (protocol 1.3, 2.2, 2.3, 5.1). */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <stdbool.h>

#include "gateway/sql_http.h"

struct http_config {
    struct sql_config sql;
    const char *tls_cert_pem; /* NULL: plain HTTP */
    const char *tls_key_pem;
    int stop_fd;
};

/* Serves the socket with one thread per connection until http_stop. False with a sentence on
 * stderr. The configuration is borrowed and must outlive the server. */
bool http_start(const struct http_config *config, int listen_fd);
void http_stop(void);

#endif
