/* See net.h. */
#include "gateway/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

/* ---- listening --------------------------------------------------------------------------- */

/* Splits ADDR:PORT or [ADDR]:PORT in place. */
static bool split_address(char *text, const char **host, const char **port)
{
    char *colon = strrchr(text, ':');
    if (!colon || colon[1] == '\0')
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    if (text[0] == '[') {
        if (colon == text || colon[-1] != ']')
            return false;
        colon[-1] = '\0';
        *host = text + 1;
    }
    return true;
}

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)a;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static int bind_first(const struct addrinfo *list, struct sockaddr_storage *actual)
{
    const int on = 1;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        socklen_t len = sizeof *actual;
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
            getsockname(fd, (struct sockaddr *)actual, &len) == 0)
            return fd;
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return -1;
}

int net_listen(const char *address, unsigned *port, bool *loopback)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    struct sockaddr_storage actual = {0};
    const char *host;
    const char *service;
    int fd = -1;
    char *copy = strdup(address);
    if (!copy || !split_address(copy, &host, &service)) {
        fprintf(stderr,
                "neon-gateway: --listen wants ADDRESS:PORT, for example 127.0.0.1:4444, "
                "but got \"%s\"\n",
                address);
    } else if (getaddrinfo(host, service, &hints, &list) != 0) {
        fprintf(stderr,
                "neon-gateway: the address \"%s\" of --listen is not known on this machine\n",
                address);
    } else {
        fd = bind_first(list, &actual);
        if (fd < 0)
            fprintf(stderr, "neon-gateway: cannot listen on %s: %s\n", address, strerror(errno));
    }
    if (list)
        freeaddrinfo(list);
    free(copy);
    if (fd < 0)
        return -1;
    const struct sockaddr *a = (const struct sockaddr *)&actual;
    *port =
        ntohs(a->sa_family == AF_INET ? ((const struct sockaddr_in *)(const void *)a)->sin_port
                                      : ((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
    *loopback = is_loopback(a);
    return fd;
}
