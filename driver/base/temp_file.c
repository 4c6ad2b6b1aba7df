/* Files without a name. */
#include "base/temp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Not the environment's word in a program that has more rights than its caller. */
const char *temp_file_folder(void)
{
    const char *dir = secure_getenv("TMPDIR");

    return dir != NULL && dir[0] == '/' ? dir : "/tmp";
}

/* Without a name from the start where the file system can do that. */
int temp_file_open(void)
{
    char path[4096];
    int fd = -1;

#ifdef O_TMPFILE
    fd = open(temp_file_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
    if (fd >= 0)
        return fd;
    if (snprintf(path, sizeof path, "%s/neon-odbc-XXXXXX", temp_file_folder()) >=
        (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

bool temp_file_write(int fd, const char *from, size_t n_bytes, int64_t at)
{
    while (n_bytes > 0) {
        ssize_t done = pwrite(fd, from, n_bytes, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done == 0)
            errno = ENOSPC;
        if (done <= 0)
            return false;
        from += done;
        at += done;
        n_bytes -= (size_t)done;
    }
    return true;
}

bool temp_file_read(int fd, char *to, size_t n_bytes, int64_t at)
{
    while (n_bytes > 0) {
        ssize_t done = pread(fd, to, n_bytes, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done == 0)
            errno = EIO;
        if (done <= 0)
            return false;
        to += done;
        at += done;
        n_bytes -= (size_t)done;
    }
    return true;
}
