/* Called by whatever must not be used in a child: handle/, transport/, stmt/. */
#include "base/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int id; /* 0: to be asked for */

static void look_again(void)
{
    atomic_store(&id, (int)getpid());
}

static void begin(void)
{
    /* Without the handler nothing may be kept. */
    if (pthread_atfork(NULL, NULL, look_again) == 0)
        look_again();
}

pid_t process_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int known = atomic_load_explicit(&id, memory_order_relaxed);

    if (known != 0)
        return known;
    pthread_once(&once, begin);
    return getpid();
}
