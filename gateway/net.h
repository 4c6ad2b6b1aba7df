/* Small things about sockets and time. */
#ifndef GATEWAY_NET_H
#define GATEWAY_NET_H

#include <stdbool.h>
#include <stdint.h>

/* Monotonic milliseconds. */
int64_t net_now_ms(void);
/* Ends a client's TCP connection at once: with FIN, or with RST. The descriptor stays open. */
void net_drop(int fd, bool tcp_reset);

/* Binds and listens on ADDR:PORT (port 0 = any free one). Returns the socket and writes the actual
 * port, or -1 with a sentence on stderr. *loopback says whether only this machine can connect. */
int net_listen(const char *address, unsigned *port, bool *loopback);

#endif
