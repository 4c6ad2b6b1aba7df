/* Any text through script_parse, the first byte choosing the options; what must hold stands in
 * script_checks.c. */
#include <stdint.h>

#include "../unit/sql/script_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script_options o = {false, QUESTION_AUTO, false};

    if (size == 0)
        return 0;
    o.noscan = (data[0] & 1) != 0;
    o.dollar_only = (data[0] & 2) != 0;
    o.question = (enum question_mark_mode)((data[0] >> 2) % 3);
    script_checks(sv_n((const char *)data + 1, size - 1), &o);
    return 0;
}
