/* The --log file. Lines are written whole under a lock, so that threads do not mix. Callers see to
 * it that no password, token or connection string is in the text.
 */
#include "gateway/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static FILE *log_file;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

bool log_open(const char *path)
{
    log_file = fopen(path, "ae");
    if (log_file)
        return true;
    fprintf(stderr, "neon-gateway: cannot open the log file %s: %s\n", path, strerror(errno));
    return false;
}

void log_line(const char *fmt, ...)
{
    char text[1024];
    char stamp[32];
    struct timespec t;
    struct tm tm;
    va_list ap;
    if (!log_file)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    for (char *s = text; *s; s++)
        if ((unsigned char)*s < 0x20)
            *s = ' ';
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    pthread_mutex_lock(&log_lock);
    fprintf(log_file, "%s.%03ldZ %s\n", stamp, t.tv_nsec / 1000000, text);
    fflush(log_file);
    pthread_mutex_unlock(&log_lock);
}
