/* LIKE without a server. Called by catalog_cached.c. */
#include "catalog/like.h"

/* Bytes of the character that begins there; invalid bytes count one each. */
static size_t character(struct strview v, size_t at)
{
    unsigned char c = (unsigned char)v.ptr[at];
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;

    for (size_t i = 1; i < n; i++)
        if (at + i >= v.len || ((unsigned char)v.ptr[at + i] & 0xC0) != 0x80)
            return 1;
    return n;
}

/* With one place to go back to, that of the last %: earlier ones need not be tried again. */
bool like_matches(struct strview text, struct strview pattern)
{
    size_t t = 0, p = 0;
    size_t back_t = 0, back_p = SIZE_MAX;

    for (;;) {
        if (p < pattern.len && pattern.ptr[p] == '%') {
            back_p = ++p;
            back_t = t;
            continue;
        }
        if (t == text.len && p == pattern.len)
            return true;
        if (t < text.len && p < pattern.len) {
            bool escaped = pattern.ptr[p] == '\\' && p + 1 < pattern.len;
            if (!escaped && pattern.ptr[p] == '_') {
                t += character(text, t);
                p++;
                continue;
            }
            if (pattern.ptr[p + escaped] == text.ptr[t]) {
                p += 1u + escaped;
                t++;
                continue;
            }
        }
        if (back_p == SIZE_MAX || back_t >= text.len)
            return false;
        back_t += character(text, back_t);
        t = back_t;
        p = back_p;
    }
}
