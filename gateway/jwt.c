/* Verifies ES256 and RS256 tokens against a local JWKS file with OpenSSL.
 *
 * Which role a key may speak for is said by the key's own "roles" array or by --jwt-role ROLE=KID;
 * a key without either serves no role. Called by sql_http.c.
 */
#include "gateway/jwt.h"

#include <json-c/json.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gateway/log.h"
#include "gateway/text.h"

#define MAX_JWKS_BYTES 65536
#define MAX_NUMBER_BYTES 1024 /* RSA modulus up to 8192 bits */
#define LEEWAY_S 30
#define JWT_BAD_ENCODING "Provided authentication token is not a valid JWT encoding"

static struct jwt_config config;
static json_object *jwks; /* the parsed file */
static struct timespec jwks_mtime;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- the key file ------------------------------------------------------------------------ */

static json_object *parse_json(const char *s, size_t n)
{
    json_tokener *tok = json_tokener_new();
    if (!tok)
        return NULL;
    json_object *o = json_tokener_parse_ex(tok, s, (int)n);
    if (json_tokener_get_error(tok) != json_tokener_success) {
        json_object_put(o);
        o = NULL;
    }
    json_tokener_free(tok);
    return o;
}

static json_object *read_jwks(struct timespec *mtime)
{
    static char text[MAX_JWKS_BYTES + 1]; /* under the lock */
    struct stat st;
    json_object *keys;
    FILE *file = fopen(config.jwks_path, "re");
    if (!file)
        return NULL;
    size_t n = fread(text, 1, sizeof text, file);
    bool ok = !ferror(file) && n <= MAX_JWKS_BYTES && fstat(fileno(file), &st) == 0;
    fclose(file);
    if (!ok)
        return NULL;
    *mtime = st.st_mtim;
    json_object *o = parse_json(text, n);
    if (json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, "keys", &keys) &&
        json_object_is_type(keys, json_type_array))
        return o;
    json_object_put(o);
    return NULL;
}

static void reload_if_changed(void)
{
    struct stat st;
    struct timespec mtime;
    if (stat(config.jwks_path, &st) != 0 ||
        (st.st_mtim.tv_sec == jwks_mtime.tv_sec && st.st_mtim.tv_nsec == jwks_mtime.tv_nsec))
        return;
    json_object *fresh = read_jwks(&mtime);
    if (!fresh) {
        log_line("the JWKS file has changed but is not usable; the previous keys stay");
        return;
    }
    json_object_put(jwks);
    jwks = fresh;
    jwks_mtime = mtime;
}

bool jwt_start(const struct jwt_config *c)
{
    config = *c;
    jwks = read_jwks(&jwks_mtime);
    if (jwks)
        return true;
    fprintf(
        stderr,
        "neon-gateway: the JWKS file %s cannot be used: it must be readable, at most 64 KiB, and "
        "a JSON object with an array \"keys\"\n",
        c->jwks_path);
    return false;
}

void jwt_stop(void)
{
    json_object_put(jwks);
    jwks = NULL;
}

static const char *string_member(json_object *o, const char *key)
{
    json_object *v;
    if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
        return NULL;
    return json_object_get_string(v);
}

static bool key_serves_role(json_object *key, const char *kid, const char *role)
{
    json_object *roles;
    if (json_object_object_get_ex(key, "roles", &roles) &&
        json_object_is_type(roles, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(roles); i++) {
            json_object *r = json_object_array_get_idx(roles, i);
            if (json_object_is_type(r, json_type_string) &&
                strcmp(json_object_get_string(r), role) == 0)
                return true;
        }
    }
    size_t role_len = strlen(role);
    for (size_t i = 0; i < config.n_role_rules; i++) {
        const char *rule = config.role_rules[i];
        if (strncmp(rule, role, role_len) == 0 && rule[role_len] == '=' &&
            strcmp(rule + role_len + 1, kid) == 0)
            return true;
    }
    return false;
}

/* The key for (kid, role) with a reference of its own, or NULL. */
static json_object *find_key(const char *kid, const char *role)
{
    json_object *keys;
    json_object *found = NULL;
    pthread_mutex_lock(&lock);
    reload_if_changed();
    json_object_object_get_ex(jwks, "keys", &keys);
    for (size_t i = 0; i < json_object_array_length(keys) && !found; i++) {
        json_object *key = json_object_array_get_idx(keys, i);
        const char *id = string_member(key, "kid");
        if (id && strcmp(id, kid) == 0 && key_serves_role(key, kid, role))
            found = key;
    }
    if (found) { /* a deep copy: reference counts of json-c are not atomic */
        json_object *copy = NULL;
        if (json_object_deep_copy(found, &copy, NULL) != 0)
            copy = NULL;
        found = copy;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* ---- keys and signatures ----------------------------------------------------------------- */

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

static BIGNUM *number_member(json_object *key, const char *name)
{
    unsigned char bytes[MAX_NUMBER_BYTES];
    const char *text = string_member(key, name);
    long n = text ? text_base64url_decode(text, strlen(text), bytes, sizeof bytes) : -1;
    return n > 0 ? BN_bin2bn(bytes, (int)n, NULL) : NULL;
}

static EVP_PKEY *rsa_key(json_object *key)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = number_member(key, "n");
    BIGNUM *e = number_member(key, "e");
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (n && e && bld && BN_num_bits(n) >= 2048 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
        pkey = key_from_params("RSA", bld);
    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    BN_free(e);
    return pkey;
}

static EVP_PKEY *ec_key(json_object *key)
{
    unsigned char point[65] = {4}; /* uncompressed */
    const char *curve = string_member(key, "crv");
    const char *x = string_member(key, "x");
    const char *y = string_member(key, "y");
    EVP_PKEY *pkey = NULL;
    if (!curve || strcmp(curve, "P-256") != 0 || !x || !y ||
        text_base64url_decode(x, strlen(x), point + 1, 32) != 32 ||
        text_base64url_decode(y, strlen(y), point + 33, 32) != 32)
        return NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        pkey = key_from_params("EC", bld);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

/* The two numbers of a JOSE signature as the DER that OpenSSL wants. */
static unsigned char *der_signature(const unsigned char *raw, size_t *len)
{
    unsigned char *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL);
    BIGNUM *s = BN_bin2bn(raw + 32, 32, NULL);
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
        r = NULL; /* owned by sig now */
        s = NULL;
        int n = i2d_ECDSA_SIG(sig, &der);
        *len = n > 0 ? (size_t)n : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return der;
}

static bool verify(EVP_PKEY *pkey, const char *text, size_t n, const unsigned char *sig,
                   size_t sig_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
              EVP_DigestVerify(ctx, sig, sig_len, (const unsigned char *)text, n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* signed_text is header.payload */
static bool check_signature(json_object *key, const char *alg, const char *signed_text, size_t n,
                            const char *sig_text, struct failure *f)
{
    const char *type = string_member(key, "kty");
    unsigned char sig[MAX_NUMBER_BYTES];
    bool rsa = strcmp(alg, "RS256") == 0;
    if (!rsa && strcmp(alg, "ES256") != 0)
        return failure_set(f, 400, "signature algorithm not supported");
    if (!type || strcmp(type, rsa ? "RSA" : "EC") != 0)
        return failure_set(
            f, 400, rsa ? "invalid RSA signing algorithm" : "signature algorithm not supported");
    long len = text_base64url_decode(sig_text, strlen(sig_text), sig, sizeof sig);
    if (len < 0)
        return failure_set(f, 400, JWT_BAD_ENCODING);
    EVP_PKEY *pkey = rsa ? rsa_key(key) : ec_key(key);
    if (!pkey)
        return failure_set(f, 400, "signature algorithm not supported");
    bool ok;
    if (rsa) {
        ok = verify(pkey, signed_text, n, sig, (size_t)len);
    } else {
        size_t der_len = 0;
        unsigned char *der = len == 64 ? der_signature(sig, &der_len) : NULL;
        ok = der && verify(pkey, signed_text, n, der, der_len);
        OPENSSL_free(der);
    }
    EVP_PKEY_free(pkey);
    return ok ? true : failure_set(f, 400, "signature error: signature error");
}

/* ---- the token --------------------------------------------------------------------------- */

/* Decodes one part as a JSON object; *text gets the JSON text when wanted. */
static json_object *decode_part(const char *s, size_t n, char **text)
{
    unsigned char *bytes = malloc(n + 1);
    if (!bytes)
        return NULL;
    long len = text_base64url_decode(s, n, bytes, n);
    json_object *o = NULL;
    if (len >= 0 && text_is_utf8((char *)bytes, (size_t)len))
        o = parse_json((char *)bytes, (size_t)len);
    if (o && !json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        o = NULL;
    }
    if (o && text)
        *text = text_dup((char *)bytes, (size_t)len);
    free(bytes);
    return o;
}

static bool audience_fits(json_object *payload)
{
    json_object *aud;
    if (!config.audience)
        return true;
    if (!json_object_object_get_ex(payload, "aud", &aud))
        return false;
    if (json_object_is_type(aud, json_type_string))
        return strcmp(json_object_get_string(aud), config.audience) == 0;
    if (!json_object_is_type(aud, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(aud); i++) {
        json_object *a = json_object_array_get_idx(aud, i);
        if (json_object_is_type(a, json_type_string) &&
            strcmp(json_object_get_string(a), config.audience) == 0)
            return true;
    }
    return false;
}

/* A time claim in seconds; false when absent. */
static bool time_claim(json_object *payload, const char *name, int64_t *out)
{
    json_object *v;
    if (!json_object_object_get_ex(payload, name, &v) ||
        !(json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double)))
        return false;
    *out = json_object_get_int64(v);
    return true;
}

static bool check_claims(json_object *payload, struct failure *f)
{
    int64_t t;
    int64_t now = (int64_t)time(NULL);
    if (!audience_fits(payload))
        return failure_set(f, 400, "invalid JWT token audience");
    if (time_claim(payload, "exp", &t) && now - LEEWAY_S > t)
        return failure_set(f, 400, "JWT token has expired (exp=%lld)", (long long)t);
    if (time_claim(payload, "nbf", &t) && now + LEEWAY_S < t)
        return failure_set(f, 400, "JWT token is not yet ready to use (nbf=%lld)", (long long)t);
    return true;
}

bool jwt_check(const char *token, const char *role, char **claims, struct failure *f)
{
    const char *dot1 = strchr(token, '.');
    const char *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
    json_object *key = NULL;
    json_object *payload = NULL;
    bool ok = false;
    *claims = NULL;
    if (!dot2 || strchr(dot2 + 1, '.'))
        return failure_set(f, 400, JWT_BAD_ENCODING);
    json_object *header = decode_part(token, (size_t)(dot1 - token), NULL);
    const char *alg = header ? string_member(header, "alg") : NULL;
    const char *kid = header ? string_member(header, "kid") : NULL;
    if (!header || !alg) {
        failure_set(f, 400, JWT_BAD_ENCODING);
        goto done;
    }
    if (!kid) {
        failure_set(f, 400, "missing key id");
        goto done;
    }
    key = find_key(kid, role);
    if (!key) {
        failure_set(f, 400, "jwk not found");
        goto done;
    }
    if (!check_signature(key, alg, token, (size_t)(dot2 - token), dot2 + 1, f))
        goto done;
    payload = decode_part(dot1 + 1, (size_t)(dot2 - dot1 - 1), claims);
    if (!payload) {
        failure_set(f, 400, JWT_BAD_ENCODING);
        goto done;
    }
    ok = check_claims(payload, f);
done:
    if (!ok) {
        free(*claims);
        *claims = NULL;
    }
    json_object_put(header);
    json_object_put(key);
    json_object_put(payload);
    return ok;
}
