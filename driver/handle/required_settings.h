/* Settings of the server's without which its text would be misread: what a connection asks about,
 * and SET may not change. Pure. Called by dbc_probe.c and dbc_settings.c. */
#ifndef NEON_HANDLE_REQUIRED_SETTINGS_H
#define NEON_HANDLE_REQUIRED_SETTINGS_H

#include "base/err.h"

/* Each can be put right for the role. */
struct required_setting {
    const char *name;
    const char *value; /* that will do */
    enum {
        REQUIRED_EXACTLY,
        REQUIRED_PREFIX, /* "ISO, MDY" */
        REQUIRED_AT_LEAST_ONE,
    } how;
    const char *why; /* a half sentence, behind a colon */
};
#define REQUIRED_SETTINGS 4
extern const struct required_setting required_settings[REQUIRED_SETTINGS];

/* In any case of letters; NULL: none of them. */
const struct required_setting *required_setting_find(const char *name);
/* The value as the server shows it. */
bool required_setting_fits(const struct required_setting *r, struct strview value);
/* Does a search_path plainly begin with pg_temp? What only the server knows, SETTINGS_PATH_CHECK
 * asks it (settings.h). */
bool required_path_is_temp(const char *path);

#endif
