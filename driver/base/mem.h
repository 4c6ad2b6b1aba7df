/* Memory: the only door to the allocator for the driver.
 *
 * All functions may return NULL; the caller reports HY001. Tests make the n-th allocation fail with
 * mem_fail_at(). Nothing here aborts: the driver lives in somebody else's process. */
#ifndef NEON_BASE_MEM_H
#define NEON_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define NEON_MUST_CHECK __attribute__((warn_unused_result))
#define NEON_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define NEON_MUST_CHECK
#define NEON_PRINTF(fmt, args)
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Uninitialised bytes; size 0 gives a unique non-NULL pointer. */
void *mem_alloc(size_t size_bytes) NEON_MUST_CHECK;
/* Zeroed array; NULL also when count * size overflows. */
void *mem_calloc(size_t count, size_t size_bytes) NEON_MUST_CHECK;
/* As realloc(3); on NULL the old block stays valid. */
void *mem_realloc(void *old, size_t size_bytes) NEON_MUST_CHECK;
/* As realloc for an array of `count` elements, safe against overflow. */
void *mem_realloc_array(void *old, size_t count, size_t size_bytes) NEON_MUST_CHECK;
/* free(3); NULL is fine. */
void mem_free(void *p);
/* Overwrites before freeing: for passwords and tokens. NULL is fine. */
void mem_free_secret(void *p, size_t size_bytes);
/* Overwrites memory in a way the compiler does not remove. */
void mem_wipe(void *p, size_t size_bytes);
/* NUL-terminated copy of `len_bytes` bytes of s. */
char *mem_strndup(const char *s, size_t len_bytes) NEON_MUST_CHECK;
/* NUL-terminated copy; NULL in gives NULL out. */
char *mem_strdup(const char *s) NEON_MUST_CHECK;

/* For tests: the n-th allocation from now (1 = next) fails, and every one after it when `onwards`.
 * 0 switches failing off. */
void mem_fail_at(uint64_t n, int onwards);
/* For tests: allocations attempted since mem_fail_at was last called with n > 0 (nothing is counted
 * while failing is switched off). */
uint64_t mem_attempts(void);

#endif
