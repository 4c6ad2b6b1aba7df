/* Password verification against pg_authid over one administrator connection.
 *
 * The verifier is read again for every request; only the expensive key derivation is cached, under
 * role, verifier and the SHA-256 of the password. Called by sql_http.c and ws_handshake.c.
 */
#include "gateway/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/log.h"
#include "gateway/text.h"

#define CACHE_SLOTS 512
#define MAX_SALT_BYTES 256
#define ADMIN_TIMEOUT_MS 10000

static struct pg_target target;
static struct backend *admin;
static int admin_stop_fd = -1;
static time_t admin_failed_s; /* when the last attempt to connect failed; monotonic seconds */
static pthread_mutex_t admin_lock = PTHREAD_MUTEX_INITIALIZER;

/* Digests of (role, verifier, sha256(password)) that were found right; no secret is kept. */
static unsigned char cache[CACHE_SLOTS][SHA256_DIGEST_LENGTH];
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

static const char lookup_name[] = "neon_gateway_role"; /* planned once per connection */
static const char lookup_sql[] =
    "SELECT rolpassword, coalesce(rolvaliduntil <= now(), false) FROM pg_catalog.pg_authid "
    "WHERE rolname = $1";
static const char probe_sql[] =
    "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')";

/* ---- the administrator connection -------------------------------------------------------- */

static PGresult *admin_result(bool sent);

static time_t monotonic_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* After a failure (which took all its retries) the requests queued behind it fail at once instead
 * of each repeating them. */
static bool open_admin(struct failure *f)
{
    const struct watch w = {.client_fd = -1, .stop_fd = admin_stop_fd};
    backend_free(admin);
    admin = NULL;
    if (admin_failed_s != 0 && monotonic_s() - admin_failed_s < 1)
        return failure_set(f, 500, "Couldn't connect to compute node");
    bool ok =
        backend_open(&admin, &target, target.user, target.password, target.dbname, &w, f) == RUN_OK;
    admin_failed_s = ok ? 0 : monotonic_s();
    if (ok)
        PQclear(admin_result(PQsendPrepare(admin->conn, lookup_name, lookup_sql, 1, NULL) != 0));
    return ok;
}

/* The result of the single statement that was just sent, or NULL. */
static PGresult *admin_result(bool sent)
{
    const struct watch w = {.client_fd = -1, .stop_fd = admin_stop_fd};
    PGresult *last = NULL;
    if (!sent || backend_flush(admin, &w) != WAIT_READY)
        return NULL;
    for (PGresult *res;;) {
        if (backend_result(admin, &w, ADMIN_TIMEOUT_MS, &res) != WAIT_READY) {
            PQclear(last);
            return NULL;
        }
        if (!res)
            break;
        PQclear(last);
        last = res;
    }
    if (last && PQresultStatus(last) == PGRES_FATAL_ERROR) {
        log_line("the administrator's query failed: %s", PQresultErrorMessage(last));
        PQclear(last);
        return NULL;
    }
    return last;
}

bool auth_start(const struct pg_target *t, int stop_fd, enum auth_mode *mode)
{
    struct failure f = {0};
    *mode = AUTH_CONNECT;
    target = *t;
    admin_stop_fd = stop_fd;
    if (!t->user)
        return true;
    if (!open_admin(&f)) {
        fprintf(stderr, "neon-gateway: cannot connect to PostgreSQL as %s: %s\n", t->user,
                f.field[FAILURE_MESSAGE] ? f.field[FAILURE_MESSAGE] : "no answer");
        failure_release(&f);
        return false;
    }
    PGresult *res =
        admin_result(PQsendQueryParams(admin->conn, probe_sql, 0, NULL, NULL, NULL, NULL, 0) != 0);
    if (res && PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 0), "t") == 0)
        *mode = AUTH_VERIFIER;
    PQclear(res);
    return true;
}

void auth_stop(void)
{
    backend_free(admin);
    admin = NULL;
}

/* Reads the verifier of a role; *out is NULL when there is none or it has expired. */
static enum run_result read_verifier(const char *role, char **out, struct failure *f)
{
    const char *params[] = {role};
    PGresult *res = NULL;
    *out = NULL;
    pthread_mutex_lock(&admin_lock);
    for (int attempt = 0; attempt < 2 && !res; attempt++) {
        if ((!admin || attempt > 0) && !open_admin(f))
            break;
        res = admin_result(
            PQsendQueryPrepared(admin->conn, lookup_name, 1, params, NULL, NULL, 0) != 0);
    }
    pthread_mutex_unlock(&admin_lock);
    if (!res) {
        /* The client sees what it would see if its own connection failed. */
        if (f->status != 500)
            failure_set(f, 500, "Couldn't connect to compute node");
        return RUN_FAILED;
    }
    if (PQntuples(res) == 1 && !PQgetisnull(res, 0, 0) && PQgetvalue(res, 0, 1)[0] == 'f')
        *out = strdup(PQgetvalue(res, 0, 0));
    PQclear(res);
    return RUN_OK;
}

/* ---- verifiers --------------------------------------------------------------------------- */

enum verdict { VERDICT_WRONG, VERDICT_RIGHT, VERDICT_UNKNOWN };

/* SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey> */
static enum verdict check_scram(const char *verifier, const char *password, size_t n)
{
    unsigned char salt[MAX_SALT_BYTES];
    unsigned char stored[SHA256_DIGEST_LENGTH];
    unsigned char salted[SHA256_DIGEST_LENGTH];
    unsigned char client[SHA256_DIGEST_LENGTH];
    unsigned char computed[SHA256_DIGEST_LENGTH];
    unsigned len = sizeof client;
    char *end;
    long iterations = strtol(verifier + strlen("SCRAM-SHA-256$"), &end, 10);
    if (*end != ':' || iterations < 1 || iterations > 10000000)
        return VERDICT_UNKNOWN;
    const char *salt_text = end + 1;
    const char *key_text = strchr(salt_text, '$');
    const char *key_end = key_text ? strchr(key_text, ':') : NULL;
    if (!key_end)
        return VERDICT_UNKNOWN;
    long salt_len =
        text_base64_decode(salt_text, (size_t)(key_text - salt_text), salt, sizeof salt);
    long key_len =
        text_base64_decode(key_text + 1, (size_t)(key_end - key_text - 1), stored, sizeof stored);
    if (salt_len < 1 || key_len != (long)sizeof stored)
        return VERDICT_UNKNOWN;
    if (!PKCS5_PBKDF2_HMAC(password, (int)n, salt, (int)salt_len, (int)iterations, EVP_sha256(),
                           sizeof salted, salted) ||
        !HMAC(EVP_sha256(), salted, sizeof salted, (const unsigned char *)"Client Key", 10, client,
              &len))
        return VERDICT_UNKNOWN;
    SHA256(client, sizeof client, computed);
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(client, sizeof client);
    return CRYPTO_memcmp(computed, stored, sizeof stored) == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
}

/* md5<hex of md5(password || role)> */
static enum verdict check_md5(const char *verifier, const char *role, const char *password,
                              size_t n)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char text[33];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return VERDICT_UNKNOWN;
    bool ok = EVP_DigestInit_ex(ctx, EVP_md5(), NULL) && EVP_DigestUpdate(ctx, password, n) &&
              EVP_DigestUpdate(ctx, role, strlen(role)) && EVP_DigestFinal_ex(ctx, digest, &len);
    EVP_MD_CTX_free(ctx);
    if (!ok || len != 16)
        return VERDICT_UNKNOWN;
    for (unsigned i = 0; i < 16; i++) {
        text[2 * i] = hex[digest[i] >> 4];
        text[2 * i + 1] = hex[digest[i] & 15];
    }
    text[32] = '\0';
    return strlen(verifier) == 35 && CRYPTO_memcmp(verifier + 3, text, 32) == 0 ? VERDICT_RIGHT
                                                                                : VERDICT_WRONG;
}

/* PostgreSQL normalises passwords with SASLprep before deriving keys; for plain printable ASCII
 * that changes nothing. Anything else is left to a real connection. */
static bool is_plain_ascii(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] >= 0x7f)
            return false;
    return true;
}

static enum verdict judge(const char *verifier, const struct connstr *cs)
{
    if (strncmp(verifier, "SCRAM-SHA-256$", 14) == 0) {
        enum verdict v = check_scram(verifier, cs->password, cs->password_len);
        if (v == VERDICT_WRONG && !is_plain_ascii(cs->password, cs->password_len))
            return VERDICT_UNKNOWN;
        return v;
    }
    if (strncmp(verifier, "md5", 3) == 0)
        return check_md5(verifier, cs->role, cs->password, cs->password_len);
    return VERDICT_UNKNOWN;
}

/* ---- the cache --------------------------------------------------------------------------- */

static void digest_of(const struct connstr *cs, const char *verifier,
                      unsigned char out[SHA256_DIGEST_LENGTH])
{
    unsigned char password[SHA256_DIGEST_LENGTH];
    unsigned len = 0;
    SHA256((const unsigned char *)cs->password, cs->password_len, password);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    memset(out, 0, SHA256_DIGEST_LENGTH);
    if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
        EVP_DigestUpdate(ctx, cs->role, strlen(cs->role) + 1);
        EVP_DigestUpdate(ctx, verifier, strlen(verifier) + 1);
        EVP_DigestUpdate(ctx, password, sizeof password);
        EVP_DigestFinal_ex(ctx, out, &len);
    }
    EVP_MD_CTX_free(ctx);
}

static unsigned char *slot_of(const unsigned char digest[SHA256_DIGEST_LENGTH])
{
    return cache[((unsigned)digest[0] << 8 | digest[1]) % CACHE_SLOTS];
}

static bool cache_has(const unsigned char *digest)
{
    static const unsigned char zero[SHA256_DIGEST_LENGTH];
    pthread_mutex_lock(&cache_lock);
    bool hit = memcmp(digest, zero, sizeof zero) != 0 &&
               CRYPTO_memcmp(slot_of(digest), digest, SHA256_DIGEST_LENGTH) == 0;
    pthread_mutex_unlock(&cache_lock);
    return hit;
}

static void cache_put(const unsigned char *digest)
{
    pthread_mutex_lock(&cache_lock);
    memcpy(slot_of(digest), digest, SHA256_DIGEST_LENGTH);
    pthread_mutex_unlock(&cache_lock);
}

/* The verifier cannot settle it (a password outside ASCII, a foreign verifier): PostgreSQL does. */
static enum run_result ask_postgres(const struct connstr *cs, const struct watch *w,
                                    struct failure *f)
{
    struct backend *b = NULL;
    enum run_result r = backend_open(&b, &target, cs->role, cs->password, cs->database, w, f);
    bool used = r == RUN_OK && PQconnectionUsedPassword(b->conn);
    backend_free(b);
    if (r == RUN_OK && !used) { /* `trust` proves nothing */
        failure_set(f, 400, "password authentication failed for user '%s'", cs->role);
        return RUN_FAILED;
    }
    return r;
}

enum run_result auth_check(const struct connstr *cs, const struct watch *w, struct failure *f)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char *verifier = NULL;
    enum run_result r = read_verifier(cs->role, &verifier, f);
    if (r != RUN_OK)
        return r;
    enum verdict verdict = VERDICT_WRONG;
    if (verifier && !memchr(cs->password, '\0', cs->password_len)) {
        digest_of(cs, verifier, digest);
        verdict = cache_has(digest) ? VERDICT_RIGHT : judge(verifier, cs);
        if (verdict == VERDICT_UNKNOWN) {
            r = ask_postgres(cs, w, f);
            verdict = r == RUN_OK ? VERDICT_RIGHT : VERDICT_UNKNOWN;
        }
        if (verdict == VERDICT_RIGHT)
            cache_put(digest);
    }
    free(verifier);
    if (verdict == VERDICT_WRONG) {
        failure_set(f, 400, "password authentication failed for user '%s'", cs->role);
        return RUN_FAILED;
    }
    return r;
}
