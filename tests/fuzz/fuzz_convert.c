/* Fuzzes everything of convert/ that reads text from outside: cells of every family into every C
 * type, whole and in pieces, and parameters of every C type into every SQL type.
 *
 * Input: one byte that chooses the type, one the C type, one the buffer's size and flags, then the
 * text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf.h"
#include "convert/convert.h"
#include "convert/interval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* Of C and of SQL: they have the same numbers. */
#define INTERVAL_TYPE(kind, first, last) SQL_INTERVAL_##kind

static const uint32_t oids[] = {16,   17,   20,   21,   23,   25,   26,   700,  701,  1042, 1082,
                                1083, 1114, 1184, 1186, 1266, 1560, 1700, 2950, 5069, 1007, 123456};
static const SQLSMALLINT c_types[] = {
    SQL_C_CHAR,      SQL_C_WCHAR,     SQL_C_BINARY,         SQL_C_BIT,
    SQL_C_STINYINT,  SQL_C_UTINYINT,  SQL_C_SSHORT,         SQL_C_USHORT,
    SQL_C_SLONG,     SQL_C_ULONG,     SQL_C_SBIGINT,        SQL_C_UBIGINT,
    SQL_C_FLOAT,     SQL_C_DOUBLE,    SQL_C_NUMERIC,        SQL_C_GUID,
    SQL_C_TYPE_DATE, SQL_C_TYPE_TIME, SQL_C_TYPE_TIMESTAMP, INTERVAL_KINDS(INTERVAL_TYPE),
    SQL_C_DEFAULT};
static const SQLSMALLINT sql_types[] = {SQL_CHAR,
                                        SQL_WVARCHAR,
                                        SQL_LONGVARCHAR,
                                        SQL_BIT,
                                        SQL_TINYINT,
                                        SQL_SMALLINT,
                                        SQL_INTEGER,
                                        SQL_BIGINT,
                                        SQL_NUMERIC,
                                        SQL_REAL,
                                        SQL_DOUBLE,
                                        SQL_VARBINARY,
                                        SQL_TYPE_DATE,
                                        SQL_TYPE_TIME,
                                        SQL_TYPE_TIMESTAMP,
                                        SQL_GUID,
                                        INTERVAL_KINDS(INTERVAL_TYPE)};

#define BUFFER 96
#define GUARD 0xC7

static void guards_stand(const unsigned char *memory, size_t size)
{
    for (size_t i = size; i < BUFFER; i++)
        CHECK(memory[i] == GUARD);
}

static void fuzz_to_c(uint8_t type, uint8_t target, uint8_t flags, struct cell cell)
{
    struct type_options options;
    struct conv_env env = {&options, flags & 0x80};
    unsigned char memory[BUFFER];
    size_t cap = flags & 0x3F;
    size_t progress = 0;
    size_t cache = 0;
    struct type_desc desc;
    struct to_c spec;
    size_t size;

    type_options_default(&options);
    if (type & 0x80)
        options.interval_as = SQL_INTERVAL_DAY_TO_SECOND;
    typemap_describe(oids[type % ARRAY_LEN(oids)], (type & 0x80) ? 0x1C080003 : -1, &options,
                     &desc);
    if (!to_c_choose(&spec, oids[type % ARRAY_LEN(oids)], -1, desc.concise_type,
                     c_types[target % ARRAY_LEN(c_types)],
                     (SQLSMALLINT)(target & 0x80 ? flags % 40 : 0), (SQLSMALLINT)(flags % 44 - 4),
                     &env))
        return;
    size = spec.fixed_size ? spec.c_size : cap;
    /* A bound column. */
    memset(memory, GUARD, sizeof memory);
    {
        struct to_c_out out = {.app_buf = memory, .cap_bytes = (SQLLEN)cap};
        (void)spec.fn(&spec, &cell, &out);
        guards_stand(memory, size);
    }
    /* SQLGetData: ends, or stays where nothing fits; what is left shrinks. */
    for (SQLLEN last = -1;;) {
        struct to_c_out out = {.app_buf = memory,
                               .cap_bytes = (SQLLEN)cap,
                               .progress = &progress,
                               .left_bytes = (flags & 0x40) ? &cache : NULL};
        size_t before = progress;
        enum conv r;
        memset(memory, GUARD, sizeof memory);
        r = spec.fn(&spec, &cell, &out);
        guards_stand(memory, size);
        if (r != CONV_TRUNCATED || progress == before)
            break;
        CHECK(last < 0 || out.total_bytes < last);
        last = out.total_bytes;
    }
}

static void fuzz_from_c(uint8_t type, uint8_t target, uint8_t flags, struct cell cell)
{
    struct type_options options;
    struct conv_env env = {&options, false};
    struct from_c p = {.c_type = c_types[type % ARRAY_LEN(c_types)],
                       .sql_type = sql_types[target % ARRAY_LEN(sql_types)],
                       .precision = (SQLSMALLINT)(flags % 12),
                       .scale = (SQLSMALLINT)(flags % 44 - 4)};
    SQLSMALLINT c_type = p.c_type == SQL_C_DEFAULT ? typemap_default_c_type(p.sql_type) : p.c_type;
    size_t size = c_type_size(c_type);
    struct buf text = BUF_INIT(1 << 20);
    enum conv r;

    type_options_default(&options);
    if (size > cell.len)
        return;
    r = from_c_text(&p, cell.ptr, (SQLLEN)cell.len, &env, &text);
    CHECK((r == CONV_NOT_ALLOWED) == !from_c_allowed(p.c_type, p.sql_type));
    if (r == CONV_OK || r == CONV_FRACTION_LOST) {
        struct cell value = {buf_str(&text), text.len};
        /* What goes to the server is always text it can take. */
        CHECK(utf8_is_valid(value.ptr, value.len));
        CHECK(memchr(value.ptr, '\0', value.len) == NULL);
        (void)from_c_cast(&p, &value);
    } else {
        CHECK(text.len == 0);
    }
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cell cell;

    if (size < 3)
        return 0;
    cell = (struct cell){(const char *)data + 3, size - 3};
    fuzz_to_c(data[0], data[1], data[2], cell);
    fuzz_from_c(data[0], data[1], data[2], cell);
    return 0;
}
