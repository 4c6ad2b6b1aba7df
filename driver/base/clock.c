/* Monotonic time. Called by transport/ and stmt/ for timeouts. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t (*source)(void);

int64_t clock_now_ms(void)
{
    struct timespec ts;

    if (source != NULL)
        return source();
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clock_set_source(int64_t (*now_ms)(void))
{
    source = now_ms;
}

int64_t deadline_after_s(int64_t seconds)
{
    if (seconds <= 0 || seconds > INT64_MAX / 2000)
        return DEADLINE_NONE;
    return clock_now_ms() + seconds * 1000;
}

int64_t deadline_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t deadline_left_ms(int64_t deadline, int64_t cap_ms)
{
    int64_t left;

    if (deadline == DEADLINE_NONE)
        return cap_ms;
    left = deadline - clock_now_ms();
    if (left < 0)
        return 0;
    return left < cap_ms ? left : cap_ms;
}
