/* Locale-independent string helpers. Knows nothing of ODBC or Postgres. Called by every layer. */
#include "base/str.h"

bool sv_eq(struct strview a, struct strview b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sv_ieq(struct strview a, struct strview b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

bool str_ieq(const char *a, const char *b)
{
    return sv_ieq(sv(a), sv(b));
}

struct strview sv_trim(struct strview s)
{
    while (s.len > 0 && ascii_is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && ascii_is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool sv_to_i64(struct strview s, int64_t *out)
{
    bool negative = false;
    size_t i = 0;
    uint64_t value = 0;
    uint64_t limit;

    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        negative = s.ptr[0] == '-';
        i = 1;
    }
    limit = (uint64_t)INT64_MAX + (negative ? 1u : 0u);
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        uint64_t digit;
        if (!ascii_is_digit(s.ptr[i]))
            return false;
        digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

size_t sv_find(struct strview hay, struct strview needle)
{
    const char *hit;

    if (needle.len > hay.len)
        return SIZE_MAX;
    hit = needle.len == 0 ? hay.ptr : memmem(hay.ptr, hay.len, needle.ptr, needle.len);
    return hit ? (size_t)(hit - hay.ptr) : SIZE_MAX;
}

size_t sv_ifind(struct strview hay, struct strview needle)
{
    for (size_t i = 0; needle.len <= hay.len && i <= hay.len - needle.len; i++)
        if (sv_ieq(sv_n(hay.ptr + i, needle.len), needle))
            return i;
    return SIZE_MAX;
}
