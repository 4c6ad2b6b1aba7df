/* The table of settings that reading depends on. */
#include "handle/required_settings.h"

const struct required_setting required_settings[REQUIRED_SETTINGS] = {
    {"client_encoding", "UTF8", REQUIRED_EXACTLY, "this driver reads and writes UTF-8"},
    {"standard_conforming_strings", "on", REQUIRED_EXACTLY,
     "a backslash in a text literal would otherwise change its meaning"},
    {"datestyle", "ISO", REQUIRED_PREFIX,
     "dates could otherwise be read with day and month exchanged"},
    {"extra_float_digits", "1", REQUIRED_AT_LEAST_ONE,
     "the server would otherwise round floating point numbers before it sends them"},
};

const struct required_setting *required_setting_find(const char *name)
{
    for (size_t i = 0; i < REQUIRED_SETTINGS; i++)
        if (sv_ieq(sv(name), sv(required_settings[i].name)))
            return &required_settings[i];
    return NULL;
}

bool required_setting_fits(const struct required_setting *r, struct strview value)
{
    size_t len = strlen(r->value);

    if (r->how == REQUIRED_AT_LEAST_ONE)
        return value.len > 0 && value.ptr[0] >= '1' && value.ptr[0] <= '9';
    if (r->how == REQUIRED_PREFIX && value.len > len)
        value.len = len;
    return sv_ieq(value, sv(r->value));
}

/* With or without the user's own schema before it. */
bool required_path_is_temp(const char *path)
{
    static const char user[] = "\"$user\"";
    const char *p = path;

    while (*p == ' ' || *p == ',' || strncmp(p, user, sizeof user - 1) == 0)
        p += *p == '"' ? sizeof user - 1 : 1;
    p += *p == '"';
    return sv_ieq(sv_n(p, strnlen(p, 7)), SV_LIT("pg_temp"));
}
