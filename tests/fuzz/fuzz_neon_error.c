/* Error answers: any status with any body, as any kind of request, gives a state of five
 * characters, a bounded text, and never both "may have run" and "send it again". The first byte
 * chooses status and request. */
#include <stdlib.h>
#include <string.h>

#include "transport/neon_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {400, 500, 413, 507, 502, 503, 302, 204};
    struct wire_request r = {0};
    struct err e = ERR_INIT;
    char *body;

    if (size == 0)
        return 0;
    r.connecting = (data[0] & 0x08) != 0;
    r.committing = (data[0] & 0x10) != 0;
    r.batch = (data[0] & 0x20) != 0;
    r.repeatable = (data[0] & 0x40) != 0;
    body = malloc(size); /* of its exact size: reading past it is seen */
    check(body != NULL);
    memcpy(body, data + 1, size - 1);
    check(!neon_error_read(statuses[data[0] & 7], (struct strview){body, size - 1}, "id", &r, &e));
    check(strlen(e.state) == 5);
    check(e.text.len > 0 && e.text.len <= ERR_TEXT_MAX_BYTES);
    check(strstr(e.text.data, "REQUEST: id") != NULL || e.text.len > ERR_TEXT_MAX_BYTES / 2);
    check(!(e.retry_safe && e.effect == EFFECT_UNKNOWN));
    check(!e.retry_safe || statuses[data[0] & 7] >= 500);
    err_release(&e);
    free(body);
    return 0;
}
