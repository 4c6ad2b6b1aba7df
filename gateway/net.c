/* See net.h. */
#include "gateway/net.h"

#include <sys/socket.h>
#include <time.h>

int64_t net_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void net_drop(int fd, bool tcp_reset)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    /* Connecting to nobody sends RST at once; a linger time would not, because libmicrohttpd shuts
     * the connection down before it closes it. */
    if (!tcp_reset || connect(fd, &nobody, sizeof nobody) != 0)
        shutdown(fd, SHUT_RDWR);
}
