/* Character data to C: the text as the server sent it, and a GUID in it. Numbers, dates and
 * intervals in text are read by the files of those families. */
#include "base/str.h"
#include "convert/matrix.h"
#include "convert/piece.h"

enum conv to_c_text(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    return piece_text(spec, out, cell->ptr, cell->len);
}

enum conv to_c_text_guid(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    struct strview t = sv_trim(sv_n(cell->ptr, cell->len));
    SQLGUID g;

    (void)spec;
    if (!uuid_parse(t.ptr, t.len, &g))
        return CONV_BAD_TEXT;
    return piece_fixed(out, &g, sizeof g);
}
