/* POST /sql: from the collected body to the queued answer (protocol 2 to 5). */
#ifndef GATEWAY_HTTP_POST_SQL_H
#define GATEWAY_HTTP_POST_SQL_H

#include "gateway/http_request.h"

/* Draws the request's fault, executes and answers; waits for PostgreSQL as long as that takes.
 * MHD_NO ends the connection without an answer. */
enum MHD_Result http_answer_sql(struct MHD_Connection *c, struct http_request *rq);

#endif
