/* The upgrade of a connection to a WebSocket (protocol 10.1). */
#ifndef GATEWAY_HTTP_UPGRADE_H
#define GATEWAY_HTTP_UPGRADE_H

#include "gateway/http_request.h"

/* Accepts the upgrade (101), after which the session runs in this thread, or says what is wrong
 * with it (400); draws the session's faults. MHD_NO ends the connection without an answer. */
enum MHD_Result http_answer_upgrade(struct MHD_Connection *c, struct http_request *rq);

#endif
