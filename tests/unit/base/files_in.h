/* How many files there are in a folder, hidden ones aside: what is written to a file without a name
 * adds none. Called by test_temp_file.c and transport/test_parked.c. Include cmocka.h before. */
#ifndef NEON_TESTS_FILES_IN_H
#define NEON_TESTS_FILES_IN_H

#include <dirent.h>
#include <stddef.h>

static inline size_t files_in(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;

    assert_non_null(dir);
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        n += d->d_name[0] != '.';
    closedir(dir);
    return n;
}

#endif
