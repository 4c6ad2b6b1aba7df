/* The pool of lanes. A child process after fork() starts with an empty pool and never touches its
 * parent's sockets. Called by http_curl.c, transport.c and curl_setup.c. */
#include "transport/lane.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/process.h"
#include "transport/quiet.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
static struct lane *idle;
static size_t n_idle;
static CURLSH *share;

static void share_lock(CURL *h, curl_lock_data data, curl_lock_access access, void *ctx)
{
    (void)h;
    (void)access;
    (void)ctx;
    pthread_mutex_lock(&share_locks[data]);
}

static void share_unlock(CURL *h, curl_lock_data data, void *ctx)
{
    (void)h;
    (void)ctx;
    pthread_mutex_unlock(&share_locks[data]);
}

static void make_share(void)
{
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
        pthread_mutex_init(&share_locks[i], NULL);
    share = curl_share_init();
    if (share == NULL)
        return;
    curl_share_setopt(share, CURLSHOPT_LOCKFUNC, share_lock);
    curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, share_unlock);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

/* The parent's lanes are left alone (leaked in the child on purpose): closing them would write to
 * the parent's sockets. */
static void after_fork_in_child(void)
{
    pthread_mutex_init(&pool_lock, NULL);
    idle = NULL;
    n_idle = 0;
    make_share();
}

static void init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    make_share();
    pthread_atfork(NULL, NULL, after_fork_in_child);
}

CURLSH *lane_share(void)
{
    pthread_once(&once, init);
    return share;
}

bool lane_key_begin(struct lane_key *k)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    k->digest = ctx;
    return ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
}

void lane_key_text(struct lane_key *k, const char *s)
{
    if (k->digest == NULL)
        return;
    EVP_DigestUpdate(k->digest, s ? "+" : "-", 1);
    if (s != NULL)
        EVP_DigestUpdate(k->digest, s, strlen(s) + 1);
}

bool lane_key_end(struct lane_key *k, unsigned char out[LANE_KEY_BYTES])
{
    unsigned len = LANE_KEY_BYTES;
    bool ok = k->digest != NULL && EVP_DigestFinal_ex(k->digest, out, &len) == 1;

    EVP_MD_CTX_free(k->digest);
    k->digest = NULL;
    return ok;
}

static void destroy(struct lane *l)
{
    struct quiet q;

    if (l == NULL)
        return;
    quiet_begin(&q);
    if (l->easy != NULL)
        curl_easy_cleanup(l->easy);
    if (l->multi != NULL)
        curl_multi_cleanup(l->multi);
    quiet_end(&q);
    mem_free(l);
}

static void destroy_list(struct lane *l)
{
    while (l != NULL) {
        struct lane *next = l->next;
        destroy(l);
        l = next;
    }
}

/* Takes out of the pool what has been idle for too long; with the lock held. The caller destroys
 * the list without it. */
static struct lane *take_expired(void)
{
    int64_t now = clock_now_ms();
    struct lane *expired = NULL;
    struct lane **at = &idle;

    while (*at != NULL) {
        struct lane *l = *at;
        if (now - l->idle_since_ms <= l->max_idle_ms) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        n_idle--;
        l->next = expired;
        expired = l;
    }
    return expired;
}

static struct lane *take_idle(const unsigned char *key)
{
    for (struct lane **at = &idle; *at != NULL; at = &(*at)->next)
        if (memcmp((*at)->key, key, LANE_KEY_BYTES) == 0) {
            struct lane *l = *at;
            *at = l->next;
            n_idle--;
            return l;
        }
    return NULL;
}

static struct lane *create(const unsigned char *key)
{
    struct lane *l = mem_calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    memcpy(l->key, key, LANE_KEY_BYTES);
    l->pid = process_id();
    l->multi = curl_multi_init();
    l->easy = curl_easy_init();
    if (l->multi != NULL && l->easy != NULL)
        return l;
    destroy(l);
    return NULL;
}

struct lane *lane_take(const unsigned char key[LANE_KEY_BYTES], int64_t max_idle_ms, struct err *e)
{
    struct lane *expired;
    struct lane *l;

    pthread_once(&once, init);
    pthread_mutex_lock(&pool_lock);
    expired = take_expired();
    l = take_idle(key);
    pthread_mutex_unlock(&pool_lock);
    destroy_list(expired);
    if (l == NULL)
        l = create(key);
    if (l == NULL)
        err_oom(e);
    else
        l->max_idle_ms = max_idle_ms;
    return l;
}

void lane_give(struct lane *l, bool reusable)
{
    if (l == NULL ||
        l->pid != process_id()) /* the parent's: left alone, leaked in the child on purpose */
        return;
    curl_easy_reset(l->easy);
    l->idle_since_ms = clock_now_ms();
    pthread_mutex_lock(&pool_lock);
    if (reusable && n_idle < LANE_MAX_IDLE) {
        l->next = idle;
        idle = l;
        n_idle++;
        l = NULL;
    }
    pthread_mutex_unlock(&pool_lock);
    destroy(l);
}

size_t lane_idle_count(void)
{
    size_t n;

    pthread_mutex_lock(&pool_lock);
    n = n_idle;
    pthread_mutex_unlock(&pool_lock);
    return n;
}
