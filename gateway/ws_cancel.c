/* See ws_cancel.h. An entry lives as long as its session or a request that uses it right now. */
#include "gateway/ws_cancel.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#include "gateway/control.h"
#include "gateway/log.h"

struct ws_cancel {
    struct ws_cancel *next;
    uint64_t key;
    PGcancel *request;
    unsigned refs; /* the session's, and one per running request */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ws_cancel *entries;

static struct ws_cancel *find(uint64_t key)
{
    struct ws_cancel *c = entries;
    while (c && c->key != key)
        c = c->next;
    return c;
}

struct ws_cancel *ws_cancel_new(const struct backend *b)
{
    struct ws_cancel *c = calloc(1, sizeof *c);
    PGcancel *request = c ? PQgetCancel(b->conn) : NULL;
    unsigned char bytes[sizeof c->key];
    if (!request || RAND_bytes(bytes, sizeof bytes) != 1) {
        PQfreeCancel(request);
        free(c);
        return NULL;
    }
    *c = (struct ws_cancel){.request = request, .refs = 1};
    for (size_t i = 0; i < sizeof bytes; i++)
        c->key = c->key << 8 | bytes[i];
    pthread_mutex_lock(&lock);
    while (find(c->key))
        c->key++;
    c->next = entries;
    entries = c;
    pthread_mutex_unlock(&lock);
    return c;
}

static void unref(struct ws_cancel *c)
{
    if (--c->refs > 0)
        return;
    PQfreeCancel(c->request);
    free(c);
}

void ws_cancel_drop(struct ws_cancel *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&lock);
    struct ws_cancel **link = &entries;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    unref(c);
    pthread_mutex_unlock(&lock);
}

uint64_t ws_cancel_key(const struct ws_cancel *c)
{
    return c->key;
}

void ws_cancel_own(struct ws_cancel *c)
{
    char error[256];
    control_count(COUNT_CANCELS);
    if (!PQcancel(c->request, error, sizeof error))
        log_line("cannot cancel a statement: %s", error);
}

bool ws_cancel_by_key(uint64_t key)
{
    pthread_mutex_lock(&lock);
    struct ws_cancel *c = find(key);
    if (c)
        c->refs++;
    pthread_mutex_unlock(&lock);
    if (!c)
        return false;
    ws_cancel_own(c);
    pthread_mutex_lock(&lock);
    unref(c);
    pthread_mutex_unlock(&lock);
    return true;
}
