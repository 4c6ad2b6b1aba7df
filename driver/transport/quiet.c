/* SIGPIPE, blocked for one thread. Called by http_curl.c, lane.c and ws_client.c around what may
 * write to a socket. */
#include "transport/quiet.h"

#include <curl/curl.h>
#include <pthread.h>
#include <time.h>

static void only_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

bool quiet_is_needed(void)
{
    static const unsigned first_without = 0x075700; /* 7.87.0 */
    return curl_version_info(CURLVERSION_NOW)->version_num < first_without;
}

void quiet_begin(struct quiet *q)
{
    sigset_t set;

    only_sigpipe(&set);
    pthread_sigmask(SIG_BLOCK, &set, &q->before);
    q->was_blocked = sigismember(&q->before, SIGPIPE) == 1;
}

void quiet_end(const struct quiet *q)
{
    static const struct timespec no_wait = {0, 0};
    sigset_t set;

    if (q->was_blocked)
        return;
    only_sigpipe(&set);
    (void)sigtimedwait(&set, NULL, &no_wait);
    pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}
