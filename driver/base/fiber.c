/* Fibers by ucontext. The sanitizers are told of each switch. Called by api/ (which resumes) and by
 * transport/ (which waits). */
#include "base/fiber.h"

#include "base/mem.h"

#ifdef HAVE_MAKECONTEXT

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* TLS handshakes and name resolution need some; it is reserved, and used only as far as it is
 * touched. */
#define STACK_BYTES ((size_t)512 << 10)

struct fiber {
    ucontext_t inside, outside;
    fiber_fn *fn;
    void *arg;
    char *memory; /* owned: a page that may not be touched, then the stack */
    size_t memory_bytes, guard_bytes;
    bool ended, blocking;
    const void *outside_stack; /* ASan */
    size_t outside_stack_bytes;
    void *tsan_inside, *tsan_outside;
};

static _Thread_local struct fiber *current;

/* ---- switching ---- */

static void before_switch(struct fiber *f, bool inwards, void **fake_stack)
{
#ifdef WITH_ASAN
    if (inwards)
        __sanitizer_start_switch_fiber(fake_stack, f->memory + f->guard_bytes, STACK_BYTES);
    else /* for good when it has ended */
        __sanitizer_start_switch_fiber(f->ended ? NULL : fake_stack, f->outside_stack,
                                       f->outside_stack_bytes);
#endif
#ifdef WITH_TSAN
    __tsan_switch_to_fiber(inwards ? f->tsan_inside : f->tsan_outside, 0);
#endif
    (void)f;
    (void)inwards;
    (void)fake_stack;
}

static void after_switch(struct fiber *f, bool inwards, void *fake_stack)
{
#ifdef WITH_ASAN
    if (inwards)
        __sanitizer_finish_switch_fiber(fake_stack, &f->outside_stack, &f->outside_stack_bytes);
    else
        __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
    (void)f;
    (void)inwards;
    (void)fake_stack;
}

static void leave(struct fiber *f)
{
    void *fake_stack = NULL;

    before_switch(f, false, &fake_stack);
    swapcontext(&f->inside, &f->outside);
    after_switch(f, true, fake_stack);
}

/* makecontext hands over ints only. */
static void entry(unsigned high, unsigned low)
{
    struct fiber *f = (struct fiber *)(uintptr_t)((uint64_t)high << 32 | low);

    after_switch(f, true, NULL);
    f->fn(f->arg);
    f->ended = true;
    leave(f);
}

/* ---- life ---- */

struct fiber *fiber_new(fiber_fn *fn, void *arg)
{
    struct fiber *f = mem_calloc(1, sizeof *f);
    uint64_t address = (uint64_t)(uintptr_t)f;
    long page = sysconf(_SC_PAGESIZE);

    if (f == NULL)
        return NULL;
    f->fn = fn;
    f->arg = arg;
    f->guard_bytes = page > 0 ? (size_t)page : 4096;
    f->memory_bytes = f->guard_bytes + STACK_BYTES;
    f->memory =
        mmap(NULL, f->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f->memory == MAP_FAILED || mprotect(f->memory, f->guard_bytes, PROT_NONE) != 0 ||
        getcontext(&f->inside) != 0) {
        if (f->memory != MAP_FAILED)
            munmap(f->memory, f->memory_bytes);
        mem_free(f);
        return NULL;
    }
    f->inside.uc_stack.ss_sp = f->memory + f->guard_bytes;
    f->inside.uc_stack.ss_size = STACK_BYTES;
    f->inside.uc_link = NULL;
    makecontext(&f->inside, (void (*)(void))entry, 2, (unsigned)(address >> 32),
                (unsigned)(address & 0xFFFFFFFFu));
#ifdef WITH_TSAN
    f->tsan_inside = __tsan_create_fiber(0);
#endif
    return f;
}

void fiber_free(struct fiber *f)
{
    if (f == NULL)
        return;
#ifdef WITH_TSAN
    __tsan_destroy_fiber(f->tsan_inside);
#endif
    munmap(f->memory, f->memory_bytes);
    mem_free(f);
}

bool fiber_resume(struct fiber *f)
{
    void *fake_stack = NULL;

    if (f->ended)
        return true;
#ifdef WITH_TSAN
    f->tsan_outside = __tsan_get_current_fiber();
#endif
    current = f;
    before_switch(f, true, &fake_stack);
    swapcontext(&f->outside, &f->inside);
    after_switch(f, false, fake_stack);
    current = NULL;
    return f->ended;
}

void fiber_finish(struct fiber *f)
{
    f->blocking = true;
    while (!fiber_resume(f))
        continue;
}

bool fiber_wait(void)
{
    struct fiber *f = current;

    if (f == NULL || f->blocking)
        return false;
    leave(f);
    return true;
}

bool fiber_is_inside(void)
{
    return current != NULL;
}

#else

struct fiber *fiber_new(fiber_fn *fn, void *arg)
{
    (void)fn;
    (void)arg;
    return NULL;
}

void fiber_free(struct fiber *f)
{
    (void)f;
}

bool fiber_resume(struct fiber *f)
{
    (void)f;
    return true;
}

void fiber_finish(struct fiber *f)
{
    (void)f;
}

bool fiber_wait(void)
{
    return false;
}

bool fiber_is_inside(void)
{
    return false;
}

#endif
