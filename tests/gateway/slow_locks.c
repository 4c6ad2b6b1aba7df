/* For LD_PRELOAD: now and then a thread that wants a lock sleeps a moment first, as it would on a
 * busy machine. Used by test_websocket.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { ONE_IN = 3, LONGEST_US = 3000 };

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*lock)(pthread_mutex_t *);
    static _Thread_local unsigned seed;

    if (lock == NULL)
        *(void **)&lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    if (seed == 0)
        seed = (unsigned)(uintptr_t)&seed;
    if (rand_r(&seed) % ONE_IN == 0)
        usleep((unsigned)rand_r(&seed) % LONGEST_US);
    return lock(mutex);
}
