/* Monotonic time and deadlines. */
#ifndef NEON_BASE_CLOCK_H
#define NEON_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary start; never goes back. */
int64_t clock_now_ms(void);

/* A point in monotonic time, or none. */
#define DEADLINE_NONE INT64_MAX
/* `seconds` from now; 0 or less gives DEADLINE_NONE. */
int64_t deadline_after_s(int64_t seconds);
/* The nearer of two. */
int64_t deadline_min(int64_t a, int64_t b);
/* Milliseconds left, at least 0, at most `cap_ms`. */
int64_t deadline_left_ms(int64_t deadline, int64_t cap_ms);

/* For tests: replaces the clock; NULL puts the real one back. */
void clock_set_source(int64_t (*now_ms)(void));

#endif
