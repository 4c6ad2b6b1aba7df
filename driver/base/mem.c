/* The allocator's door: overflow checks, wiping, and a failure switch for tests. Called by
 * everyone. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t attempts;
static atomic_uint_fast64_t fail_at;
static atomic_int fail_onwards;

static bool must_fail(void)
{
    uint64_t at = atomic_load_explicit(&fail_at, memory_order_relaxed);
    uint64_t n;

    if (at == 0)
        return false;
    n = atomic_fetch_add(&attempts, 1) + 1;
    return n == at || (n > at && atomic_load(&fail_onwards));
}

void mem_fail_at(uint64_t n, int onwards)
{
    atomic_store(&attempts, 0);
    atomic_store(&fail_onwards, onwards);
    atomic_store(&fail_at, n);
}

uint64_t mem_attempts(void)
{
    return atomic_load(&attempts);
}

void *mem_alloc(size_t size_bytes)
{
    return must_fail() ? NULL : malloc(size_bytes ? size_bytes : 1);
}

void *mem_calloc(size_t count, size_t size_bytes)
{
    if (size_bytes != 0 && count > SIZE_MAX / size_bytes)
        return NULL;
    return must_fail() ? NULL : calloc(count ? count : 1, size_bytes ? size_bytes : 1);
}

void *mem_realloc(void *old, size_t size_bytes)
{
    return must_fail() ? NULL : realloc(old, size_bytes ? size_bytes : 1);
}

void *mem_realloc_array(void *old, size_t count, size_t size_bytes)
{
    if (size_bytes != 0 && count > SIZE_MAX / size_bytes)
        return NULL;
    return mem_realloc(old, count * size_bytes);
}

void mem_free(void *p)
{
    free(p);
}

void mem_wipe(void *p, size_t size_bytes)
{
    if (p != NULL && size_bytes > 0)
        explicit_bzero(p, size_bytes);
}

void mem_free_secret(void *p, size_t size_bytes)
{
    mem_wipe(p, size_bytes);
    free(p);
}

char *mem_strndup(const char *s, size_t len_bytes)
{
    char *copy;

    if (len_bytes == SIZE_MAX || (copy = mem_alloc(len_bytes + 1)) == NULL)
        return NULL;
    if (len_bytes > 0)
        memcpy(copy, s, len_bytes);
    copy[len_bytes] = '\0';
    return copy;
}

char *mem_strdup(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}
