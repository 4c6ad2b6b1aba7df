/* A TCP relay that hands bytes on later: added latency for the figures, the same for every client.
 * It is a process of its own, so that its work is not the client's. */
#ifndef NEON_BENCH_RELAY_H
#define NEON_BENCH_RELAY_H

#include <sys/types.h>

/* Listens on a free port of 127.0.0.1 and leads each connection to host:port, every byte delay_us
 * later. Returns the port and sets *pid; 0: it could not be started. The process ends with its
 * parent. */
int relay_start(const char *host, int port, long delay_us, pid_t *pid);
void relay_stop(pid_t pid);

#endif
