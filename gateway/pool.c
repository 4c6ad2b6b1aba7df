/* Idle backends in one list, most recently used first. The list is short (tens), so it is simply
 * walked; the lock is never held while PostgreSQL is waited for.
 */
#include "gateway/pool.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static pthread_t reaper;
static bool running;
static struct pool_limits limits;
static struct backend *idle;
static unsigned n_idle;

/* The lengths keep apart what names could otherwise imitate. */
static char *make_key(const struct connstr *cs)
{
    char *key = NULL;
    if (asprintf(&key, "%zu:%s %zu:%s %zu:%s %s", strlen(cs->endpoint), cs->endpoint,
                 strlen(cs->options), cs->options, strlen(cs->database), cs->database,
                 cs->role) < 0)
        return NULL;
    return key;
}

/* Unlinks *link; the lock is held. */
static struct backend *unlink_backend(struct backend **link)
{
    struct backend *b = *link;
    *link = b->pool_next;
    b->pool_next = NULL;
    n_idle--;
    return b;
}

/* Closes what was idle since before `limit_s` ago; with -1 everything. */
static void close_idle(long limit_s)
{
    struct backend *victims = NULL;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&lock);
    for (struct backend **link = &idle; *link;) {
        if (limit_s >= 0 && now.tv_sec - (*link)->idle_since.tv_sec < limit_s) {
            link = &(*link)->pool_next;
            continue;
        }
        struct backend *b = unlink_backend(link);
        b->pool_next = victims;
        victims = b;
    }
    pthread_mutex_unlock(&lock);
    while (victims) {
        struct backend *next = victims->pool_next;
        backend_free(victims);
        victims = next;
    }
}

static void *reap(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    while (running) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        pthread_cond_timedwait(&wake, &lock, &until);
        if (!running)
            break;
        pthread_mutex_unlock(&lock);
        close_idle((long)limits.idle_seconds);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

bool pool_start(const struct pool_limits *l)
{
    pthread_condattr_t attr;
    limits = *l;
    running = true;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&wake, &attr);
    pthread_condattr_destroy(&attr);
    return pthread_create(&reaper, NULL, reap, NULL) == 0;
}

void pool_stop(void)
{
    pthread_mutex_lock(&lock);
    running = false;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&lock);
    pthread_join(reaper, NULL);
    close_idle(-1);
}

void pool_clear(void)
{
    close_idle(-1);
}

unsigned pool_size(void)
{
    pthread_mutex_lock(&lock);
    unsigned n = n_idle;
    pthread_mutex_unlock(&lock);
    return n;
}

static struct backend *find(const char *key)
{
    struct backend *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct backend **link = &idle; *link && !found;) {
        if (strcmp((*link)->key, key) == 0)
            found = unlink_backend(link);
        else
            link = &(*link)->pool_next;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* Whether PostgreSQL has closed the connection while it was idle. Nothing else can have arrived but
 * parameter changes and notifications. */
static bool has_died(struct backend *b)
{
    struct pollfd p = {.fd = PQsocket(b->conn), .events = POLLIN | POLLRDHUP};
    if (poll(&p, 1, 0) <= 0)
        return false;
    if (p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL))
        return true;
    return !PQconsumeInput(b->conn) || PQstatus(b->conn) != CONNECTION_OK;
}

struct backend *pool_take(const struct connstr *cs, const struct watch *w)
{
    char *key = make_key(cs);
    struct backend *b = NULL;
    while (key && (b = find(key)) != NULL) {
        if (!has_died(b) && backend_finish_reset(b, w)) {
            control_count(COUNT_POOL_HITS);
            break;
        }
        backend_free(b);
    }
    free(key);
    return b;
}

void pool_give(struct backend *b, const struct connstr *cs)
{
    unsigned same_endpoint = 0;
    if (cs->ephemeral || limits.per_endpoint == 0 || !backend_send_reset(b)) {
        backend_free(b);
        return;
    }
    if (!b->key)
        b->key = make_key(cs);
    if (!b->endpoint)
        b->endpoint = strdup(cs->endpoint);
    clock_gettime(CLOCK_MONOTONIC, &b->idle_since);
    pthread_mutex_lock(&lock);
    for (struct backend *p = idle; p && b->endpoint; p = p->pool_next)
        same_endpoint += strcmp(p->endpoint, b->endpoint) == 0;
    bool keep = b->key && b->endpoint && running && same_endpoint < limits.per_endpoint &&
                n_idle < limits.total;
    if (keep) {
        b->pool_next = idle;
        idle = b;
        n_idle++;
    }
    pthread_mutex_unlock(&lock);
    if (!keep)
        backend_free(b);
}
