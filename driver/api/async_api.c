/* The exported functions of async.def: each calls the function of the same name with sync_ before
 * it, at once or, when the statement is asynchronous, in pieces (api_async.c). */
#include "api/api_async.h"

/* clang-format off */
#define FUNCTION_0(name, how) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h); \
    struct args_##name { SQLHSTMT h;  }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h) \
    { \
        const struct args_##name args = {h}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_1(name, how, T1) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1); \
    struct args_##name { SQLHSTMT h; T1 a1; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1) \
    { \
        const struct args_##name args = {h, a1}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_2(name, how, T1, T2) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2) \
    { \
        const struct args_##name args = {h, a1, a2}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_3(name, how, T1, T2, T3) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3) \
    { \
        const struct args_##name args = {h, a1, a2, a3}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_4(name, how, T1, T2, T3, T4) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; T4 a4; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3, a->a4); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4) \
    { \
        const struct args_##name args = {h, a1, a2, a3, a4}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3, a4); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_5(name, how, T1, T2, T3, T4, T5) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; T4 a4; T5 a5; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3, a->a4, a->a5); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) \
    { \
        const struct args_##name args = {h, a1, a2, a3, a4, a5}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3, a4, a5); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_6(name, how, T1, T2, T3, T4, T5, T6) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; T4 a4; T5 a5; T6 a6; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3, a->a4, a->a5, a->a6); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) \
    { \
        const struct args_##name args = {h, a1, a2, a3, a4, a5, a6}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3, a4, a5, a6); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_8(name, how, T1, T2, T3, T4, T5, T6, T7, T8) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; T4 a4; T5 a5; T6 a6; T7 a7; T8 a8; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3, a->a4, a->a5, a->a6, a->a7, a->a8); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8) \
    { \
        const struct args_##name args = {h, a1, a2, a3, a4, a5, a6, a7, a8}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3, a4, a5, a6, a7, a8); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_9(name, how, T1, T2, T3, T4, T5, T6, T7, T8, T9) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; T4 a4; T5 a5; T6 a6; T7 a7; T8 a8; T9 a9; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3, a->a4, a->a5, a->a6, a->a7, a->a8, a->a9); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9) \
    { \
        const struct args_##name args = {h, a1, a2, a3, a4, a5, a6, a7, a8, a9}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3, a4, a5, a6, a7, a8, a9); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
#define FUNCTION_12(name, how, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12) \
    SQLRETURN SQL_API sync_##name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12); \
    struct args_##name { SQLHSTMT h; T1 a1; T2 a2; T3 a3; T4 a4; T5 a5; T6 a6; T7 a7; T8 a8; T9 a9; T10 a10; T11 a11; T12 a12; }; \
    static SQLRETURN call_##name(const void *p) \
    { \
        const struct args_##name *a = p; \
        return sync_##name(a->h, a->a1, a->a2, a->a3, a->a4, a->a5, a->a6, a->a7, a->a8, a->a9, a->a10, a->a11, a->a12); \
    } \
    NEON_EXPORT SQLRETURN SQL_API name(SQLHSTMT h, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12) \
    { \
        const struct args_##name args = {h, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12}; \
        if (async_is_at_once(h, how)) \
            return sync_##name(h, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12); \
        return async_call(h, #name, how, call_##name, &args, sizeof args); \
    }
/* clang-format on */

#include "api/async.def"
