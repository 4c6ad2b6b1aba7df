/* What a server says while logging in by SCRAM-SHA-256: its first message up to a NUL, its last one
 * behind it. An answer that passes must hold the right signature, which nobody guesses: the corpus
 * has the right ones of the nonce and password below. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "transport/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Instead of OpenSSL's: a million rounds for each input would leave no time for others. */
int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen,
                      int iter, const EVP_MD *digest, int keylen, unsigned char *out)
{
    (void)digest;
    if (saltlen < 1 || iter < 1 || iter > SCRAM_MAX_ITERATIONS)
        abort();
    for (int i = 0; i < keylen; i++)
        out[i] = (unsigned char)(i + pass[i % passlen] + salt[i % saltlen]);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scram s;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(0);
    struct strview first = sv_n((const char *)data, size);
    size_t nul = sv_find(first, sv_n("", 1));
    struct strview last = sv_n("", 0);
    bool answered;

    if (nul != SIZE_MAX) {
        last = sv_n(first.ptr + nul + 1, size - nul - 1);
        first.len = nul;
    }
    if (!scram_init(&s, "rOprNGfwEbeRWgbNEkqO", &e) || !scram_first(&s, &out, &e))
        abort();
    buf_reset(&out);
    answered = scram_final(&s, first, "pencil", &out, &e);
    if (answered == err_is_set(&e) || answered != s.proved)
        abort();
    if (answered && memcmp(out.data, "c=biws,r=rOprNGfwEbeRWgbNEkqO", 29) != 0)
        abort();
    err_release(&e);
    if (scram_verify(&s, last, &e) != s.verified || s.verified == err_is_set(&e) ||
        (s.verified && !answered))
        abort();
    err_release(&e);
    buf_release(&out);
    scram_release(&s);
    return 0;
}
