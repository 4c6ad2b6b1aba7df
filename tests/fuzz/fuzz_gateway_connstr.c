/* The connection string of a request, the text of a failed connect, and base64url: all come from
 * outside. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/connstr.h"
#include "gateway/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *text, enum connstr_auth auth)
{
    struct connstr cs = {0};
    struct failure f = {0};
    const char *authorization = auth == CONNSTR_JWT ? "Bearer x" : NULL;
    bool ok = connstr_parse(&cs, text, authorization, auth, &f);

    if (ok != (f.status == 0))
        abort();
    if (ok && (!cs.role[0] || !cs.database || !cs.endpoint || !cs.options ||
               (auth == CONNSTR_PASSWORD) != (cs.password != NULL)))
        abort();
    connstr_release(&cs);
    failure_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure f = {0};
    unsigned char bytes[64];
    char *text = text_dup((const char *)data, size);

    if (!text)
        return 0;
    parse(text, CONNSTR_PASSWORD);
    parse(text, CONNSTR_JWT);
    if (failure_from_connect(&f, text) && (!f.field[FAILURE_CODE] || !f.field[FAILURE_MESSAGE]))
        abort();
    failure_release(&f);
    if (text_base64url_decode(text, size, bytes, sizeof bytes) > (long)sizeof bytes)
        abort();
    free(text);
    return 0;
}
