/* Called by pgwire_login.c. */
#include "transport/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#define SALT_MAX_BYTES 256

static bool no_crypto(struct err *e)
{
    return err_set(e, ST_HY000, 0, "OpenSSL cannot compute what SCRAM-SHA-256 needs.");
}

static bool not_scram(struct err *e, const char *what)
{
    return err_set(e, ST_08001, 0,
                   "The server does not log in as SCRAM-SHA-256 is defined (%s). A proxy on the "
                   "way may have changed it.",
                   what);
}

bool scram_init(struct scram *s, const char *nonce, struct err *e)
{
    unsigned char bytes[24];

    *s = (struct scram){.first_bare = BUF_INIT(256)};
    if (nonce != NULL) {
        size_t n = strlen(nonce) < sizeof s->nonce - 1 ? strlen(nonce) : sizeof s->nonce - 1;
        memcpy(s->nonce, nonce, n);
        return true;
    }
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return no_crypto(e);
    EVP_EncodeBlock((unsigned char *)s->nonce, bytes, sizeof bytes);
    return true;
}

void scram_release(struct scram *s)
{
    buf_release(&s->first_bare);
}

/* The user name is in the startup message; PostgreSQL ignores the one here. */
bool scram_first(struct scram *s, struct buf *out, struct err *e)
{
    buf_append_str(&s->first_bare, "n=,r=");
    buf_append_str(&s->first_bare, s->nonce);
    buf_append_str(out, "n,,");
    return (!s->first_bare.failed && buf_append_sv(out, buf_sv(&s->first_bare))) || err_oom(e);
}

/* ---- the server's first message: r=nonce,s=salt,i=iterations ---- */

/* The value of "x=" at the beginning of *rest, up to the next comma. */
static bool attribute(struct strview *rest, char name, struct strview *value)
{
    size_t end;

    if (rest->len < 2 || rest->ptr[0] != name || rest->ptr[1] != '=')
        return false;
    *rest = sv_n(rest->ptr + 2, rest->len - 2);
    end = sv_find(*rest, SV_LIT(","));
    *value = sv_n(rest->ptr, end == SIZE_MAX ? rest->len : end);
    end = end == SIZE_MAX ? rest->len : end + 1;
    *rest = sv_n(rest->ptr + end, rest->len - end);
    return true;
}

/* Base64; 0: it is none, or too long. */
static size_t decode(struct strview text, unsigned char *out, size_t cap)
{
    size_t pad = 0;
    int n;

    if (text.len == 0 || text.len % 4 != 0 || text.len / 4 * 3 > cap)
        return 0;
    while (pad < 2 && text.ptr[text.len - 1 - pad] == '=')
        pad++;
    if (memchr(text.ptr, '=', text.len - pad) != NULL) /* OpenSSL would take it for a zero */
        return 0;
    n = EVP_DecodeBlock(out, (const unsigned char *)text.ptr, (int)text.len);
    return n < (int)pad ? 0 : (size_t)n - pad;
}

struct challenge {
    struct strview nonce;
    unsigned char salt[SALT_MAX_BYTES + 3];
    size_t salt_len;
    int64_t iterations;
};

static bool read_challenge(const struct scram *s, struct strview text, struct challenge *c,
                           struct err *e)
{
    struct strview salt, iterations;
    size_t own = strlen(s->nonce);

    if (!attribute(&text, 'r', &c->nonce) || !attribute(&text, 's', &salt) ||
        !attribute(&text, 'i', &iterations))
        return not_scram(e, "its first message");
    if (c->nonce.len <= own || memcmp(c->nonce.ptr, s->nonce, own) != 0)
        return not_scram(e, "another nonce");
    c->salt_len = decode(salt, c->salt, sizeof c->salt);
    if (c->salt_len == 0)
        return not_scram(e, "the salt");
    if (!sv_to_i64(iterations, &c->iterations) || c->iterations < 1 ||
        c->iterations > SCRAM_MAX_ITERATIONS)
        return not_scram(e, "the number of iterations");
    return true;
}

/* ---- the proof ---- */

static bool hmac(const unsigned char *key, struct strview text, unsigned char *out)
{
    unsigned n = 0;

    return HMAC(EVP_sha256(), key, SCRAM_KEY_BYTES, (const unsigned char *)text.ptr, text.len, out,
                &n) != NULL &&
           n == SCRAM_KEY_BYTES;
}

static bool prove(struct scram *s, const struct challenge *c, const char *password,
                  struct strview auth_message, unsigned char *proof)
{
    unsigned char salted[SCRAM_KEY_BYTES], client_key[SCRAM_KEY_BYTES];
    unsigned char stored[SCRAM_KEY_BYTES], signature[SCRAM_KEY_BYTES], server_key[SCRAM_KEY_BYTES];
    bool ok = PKCS5_PBKDF2_HMAC(password, (int)strlen(password), c->salt, (int)c->salt_len,
                                (int)c->iterations, EVP_sha256(), sizeof salted, salted) == 1;

    ok = ok && hmac(salted, SV_LIT("Client Key"), client_key) &&
         EVP_Digest(client_key, sizeof client_key, stored, NULL, EVP_sha256(), NULL) == 1 &&
         hmac(stored, auth_message, signature) && hmac(salted, SV_LIT("Server Key"), server_key) &&
         hmac(server_key, auth_message, s->server_signature);
    for (size_t i = 0; ok && i < SCRAM_KEY_BYTES; i++)
        proof[i] = client_key[i] ^ signature[i];
    mem_wipe(salted, sizeof salted);
    mem_wipe(client_key, sizeof client_key);
    mem_wipe(server_key, sizeof server_key);
    return ok;
}

bool scram_final(struct scram *s, struct strview server_first, const char *password,
                 struct buf *out, struct err *e)
{
    struct challenge c;
    struct buf auth = BUF_INIT(0);
    struct buf without_proof = BUF_INIT(0);
    unsigned char proof[SCRAM_KEY_BYTES];
    char proof_text[SCRAM_KEY_BYTES * 2];
    bool ok;

    if (s->first_bare.len == 0 || s->proved)
        return not_scram(e, "a message out of order");
    if (!read_challenge(s, server_first, &c, e))
        return false;
    buf_append_str(&without_proof, "c=biws,r="); /* "n,,": no channel binding */
    buf_append_sv(&without_proof, c.nonce);
    buf_append_sv(&auth, buf_sv(&s->first_bare));
    buf_append_char(&auth, ',');
    buf_append_sv(&auth, server_first);
    buf_append_char(&auth, ',');
    ok = (!without_proof.failed && buf_append_sv(&auth, buf_sv(&without_proof)) && !auth.failed) ||
         err_oom(e);
    if (ok && !prove(s, &c, password, buf_sv(&auth), proof))
        ok = no_crypto(e);
    if (ok) {
        EVP_EncodeBlock((unsigned char *)proof_text, proof, sizeof proof);
        buf_append_sv(out, buf_sv(&without_proof));
        buf_append_str(out, ",p=");
        ok = buf_append_str(out, proof_text) || err_oom(e);
        s->proved = ok;
    }
    buf_release(&auth);
    buf_release(&without_proof);
    return ok;
}

bool scram_verify(struct scram *s, struct strview server_final, struct err *e)
{
    unsigned char theirs[SCRAM_KEY_BYTES + 3];
    struct strview value;

    if (!s->proved || !attribute(&server_final, 'v', &value))
        return not_scram(e, "its last message");
    if (decode(value, theirs, sizeof theirs) != SCRAM_KEY_BYTES ||
        CRYPTO_memcmp(theirs, s->server_signature, SCRAM_KEY_BYTES) != 0)
        return err_set(e, ST_08001, 0,
                       "The server does not know the password: it is not the one that it claims "
                       "to be.");
    s->verified = true;
    return true;
}
