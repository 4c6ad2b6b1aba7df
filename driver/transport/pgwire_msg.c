/* Writing and reading messages. Called by the other files of pgwire_*. */
#include "transport/pgwire_msg.h"

#define PROTOCOL_3_0 196608u
#define CANCEL_CODE 80877102u
#define TEXT_FORMAT 0u

/* ---- to the server ---- */

static void put_u32(struct buf *out, uint32_t v)
{
    const unsigned char b[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                (unsigned char)(v >> 8), (unsigned char)v};
    buf_append(out, b, 4);
}

static void put_u16(struct buf *out, unsigned v)
{
    const unsigned char b[2] = {(unsigned char)(v >> 8), (unsigned char)v};
    buf_append(out, b, 2);
}

/* With its terminator. */
static void put_text(struct buf *out, struct strview s)
{
    buf_append_sv(out, s);
    buf_append_char(out, '\0');
}

/* The length's place; type 0: a message without one. */
static size_t begin(struct buf *out, char type)
{
    size_t at;

    if (type != 0)
        buf_append_char(out, type);
    at = out->len;
    put_u32(out, 0);
    return at;
}

static void end(struct buf *out, size_t at)
{
    size_t len = out->len - at;
    const unsigned char b[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                (unsigned char)(len >> 8), (unsigned char)len};

    if (out->failed == BUF_OK)
        memcpy(out->data + at, b, 4);
}

void pgwire_startup(struct buf *out, const struct pgwire_setting *settings, size_t n)
{
    size_t at = begin(out, 0);

    put_u32(out, PROTOCOL_3_0);
    for (size_t i = 0; i < n; i++) {
        if (settings[i].value == NULL)
            continue;
        put_text(out, sv(settings[i].name));
        put_text(out, sv(settings[i].value));
    }
    buf_append_char(out, '\0');
    end(out, at);
}

void pgwire_cancel(struct buf *out, uint32_t pid, uint32_t key)
{
    size_t at = begin(out, 0);

    put_u32(out, CANCEL_CODE);
    put_u32(out, pid);
    put_u32(out, key);
    end(out, at);
}

void pgwire_password(struct buf *out, const char *password)
{
    size_t at = begin(out, 'p');

    put_text(out, sv(password));
    end(out, at);
}

void pgwire_sasl_initial(struct buf *out, const char *mechanism, struct strview response)
{
    size_t at = begin(out, 'p');

    put_text(out, sv(mechanism));
    put_u32(out, (uint32_t)response.len);
    buf_append_sv(out, response);
    end(out, at);
}

void pgwire_sasl_response(struct buf *out, struct strview response)
{
    size_t at = begin(out, 'p');

    buf_append_sv(out, response);
    end(out, at);
}

void pgwire_query(struct buf *out, struct strview sql)
{
    size_t at = begin(out, 'Q');

    put_text(out, sql);
    end(out, at);
}

void pgwire_parse(struct buf *out, const char *name, struct strview sql)
{
    size_t at = begin(out, 'P');

    put_text(out, sv(name));
    put_text(out, sql);
    put_u16(out, 0);
    end(out, at);
}

void pgwire_bind(struct buf *out, const char *portal, const char *name,
                 const struct wire_param *params, size_t n_params)
{
    size_t at = begin(out, 'B');

    put_text(out, sv(portal));
    put_text(out, sv(name));
    put_u16(out, 1);
    put_u16(out, TEXT_FORMAT);
    put_u16(out, (unsigned)n_params);
    for (size_t i = 0; i < n_params; i++) {
        put_u32(out, params[i].ptr != NULL ? (uint32_t)params[i].len : UINT32_MAX);
        if (params[i].ptr != NULL)
            buf_append(out, params[i].ptr, params[i].len);
    }
    put_u16(out, 1);
    put_u16(out, TEXT_FORMAT);
    end(out, at);
}

static void kind_and_name(struct buf *out, char type, char kind, const char *name)
{
    size_t at = begin(out, type);

    buf_append_char(out, kind);
    put_text(out, sv(name));
    end(out, at);
}

void pgwire_describe(struct buf *out, char kind, const char *name)
{
    kind_and_name(out, 'D', kind, name);
}

void pgwire_close(struct buf *out, char kind, const char *name)
{
    kind_and_name(out, 'C', kind, name);
}

void pgwire_execute(struct buf *out, const char *portal, uint32_t max_rows)
{
    size_t at = begin(out, 'E');

    put_text(out, sv(portal));
    put_u32(out, max_rows);
    end(out, at);
}

void pgwire_plain(struct buf *out, char type)
{
    end(out, begin(out, type));
}

void pgwire_copy_data(struct buf *out, struct strview data)
{
    size_t at = begin(out, 'd');

    buf_append_sv(out, data);
    end(out, at);
}

void pgwire_copy_fail(struct buf *out, const char *why)
{
    size_t at = begin(out, 'f');

    put_text(out, sv(why));
    end(out, at);
}

/* ---- from the server ---- */

/* What may come, and what becomes of its body. */
enum handling {
    H_UNKNOWN,
    H_STEP, /* nothing to know but that it came */
    H_ROWS, /* for the reader of results */
    H_KEEP, /* small */
    H_TEXT, /* kept as far as it goes */
};

static enum handling handling_of(unsigned char type)
{
    static const unsigned char known[256] = {
        ['1'] = H_KEEP, ['2'] = H_STEP, ['3'] = H_STEP, ['n'] = H_STEP, ['c'] = H_STEP,
        ['D'] = H_ROWS, ['d'] = H_ROWS, ['T'] = H_ROWS, ['t'] = H_ROWS, ['A'] = H_KEEP,
        ['C'] = H_KEEP, ['E'] = H_TEXT, ['G'] = H_KEEP, ['H'] = H_KEEP, ['I'] = H_KEEP,
        ['K'] = H_KEEP, ['N'] = H_TEXT, ['R'] = H_KEEP, ['S'] = H_KEEP, ['W'] = H_KEEP,
        ['Z'] = H_KEEP, ['s'] = H_KEEP, ['v'] = H_KEEP,
    };
    return known[type];
}

void pgwire_scan_init(struct pgwire_scan *s)
{
    *s = (struct pgwire_scan){.body = BUF_INIT(0)};
}

void pgwire_scan_release(struct pgwire_scan *s)
{
    buf_release(&s->body);
}

static bool bad(struct err *e, const char *what)
{
    return err_set(e, ST_08S01, 0,
                   "The session broke: the server sent what is not PostgreSQL's protocol (%s).",
                   what);
}

/* The header is complete. */
static bool begin_body(struct pgwire_scan *s, struct err *e)
{
    enum handling h = handling_of(s->header[0]);
    uint32_t len = (uint32_t)s->header[1] << 24 | (uint32_t)s->header[2] << 16 |
                   (uint32_t)s->header[3] << 8 | s->header[4];

    if (h == H_UNKNOWN)
        return bad(e, "an unknown message");
    if (len < 4 || len - 4 > PGWIRE_MAX_BYTES)
        return bad(e, "a message with a length that cannot be");
    s->left = s->body_bytes = len - 4;
    s->keep = h == H_KEEP || h == H_TEXT || (s->keep_all && h == H_ROWS);
    if (s->keep && h != H_TEXT && s->left > PGWIRE_KEEP_BYTES)
        return bad(e, "a message that is too long for its kind");
    s->n_rows += s->header[0] == 'D' || s->header[0] == 'd';
    buf_reset(&s->body);
    return true;
}

static bool take_body(struct pgwire_scan *s, struct strview *in)
{
    size_t n = in->len < s->left ? in->len : s->left;
    size_t room = PGWIRE_KEEP_BYTES - s->body.len;
    bool ok = !s->keep || buf_append(&s->body, in->ptr, n < room ? n : room);

    *in = sv_n(in->ptr + n, in->len - n);
    s->left -= (uint32_t)n;
    return ok;
}

enum pgwire_found pgwire_scan_next(struct pgwire_scan *s, struct strview *in,
                                   struct pgwire_message *m, struct err *e)
{
    while (in->len > 0) {
        while (s->n_header < sizeof s->header && in->len > 0) {
            s->header[s->n_header++] = (unsigned char)*in->ptr;
            *in = sv_n(in->ptr + 1, in->len - 1);
            if (s->n_header == sizeof s->header && !begin_body(s, e))
                return PGWIRE_BAD;
        }
        if (s->n_header < sizeof s->header)
            break;
        if (!take_body(s, in)) {
            err_oom(e);
            return PGWIRE_BAD;
        }
        if (s->left > 0)
            break;
        s->n_header = 0;
        if (!s->keep && !s->keep_all)
            continue;
        *m = (struct pgwire_message){(char)s->header[0], buf_sv(&s->body), s->body_bytes};
        return PGWIRE_MESSAGE;
    }
    return PGWIRE_MORE;
}

struct pgwire_reader pgwire_reader(struct strview body)
{
    const char *at = body.ptr != NULL ? body.ptr : "";

    return (struct pgwire_reader){at, at + body.len, false};
}

static uint32_t number(struct pgwire_reader *r, size_t n_bytes)
{
    uint32_t v = 0;

    if ((size_t)(r->end - r->at) < n_bytes) {
        r->bad = true;
        r->at = r->end;
        return 0;
    }
    for (size_t i = 0; i < n_bytes; i++)
        v = v << 8 | (unsigned char)*r->at++;
    return v;
}

uint32_t pgwire_u32(struct pgwire_reader *r)
{
    return number(r, 4);
}

uint16_t pgwire_u16(struct pgwire_reader *r)
{
    return (uint16_t)number(r, 2);
}

char pgwire_byte(struct pgwire_reader *r)
{
    return (char)number(r, 1);
}

struct strview pgwire_text(struct pgwire_reader *r)
{
    size_t left = (size_t)(r->end - r->at);
    const char *nul = left > 0 ? memchr(r->at, '\0', left) : NULL;
    struct strview text = {r->at, nul != NULL ? (size_t)(nul - r->at) : left};

    r->bad |= nul == NULL;
    r->at = nul != NULL ? nul + 1 : r->end;
    return text;
}

struct strview pgwire_rest(struct pgwire_reader *r)
{
    struct strview rest = {r->at, (size_t)(r->end - r->at)};

    r->at = r->end;
    return rest;
}

static const struct {
    char letter;
    enum pg_field field;
} letters[] = {
    {'M', PG_MESSAGE},        {'C', PG_CODE},
    {'V', PG_SEVERITY},       {'S', PG_SEVERITY},
    {'D', PG_DETAIL},         {'H', PG_HINT},
    {'P', PG_POSITION},       {'p', PG_INTERNAL_POSITION},
    {'q', PG_INTERNAL_QUERY}, {'W', PG_WHERE},
    {'s', PG_SCHEMA},         {'t', PG_TABLE},
    {'c', PG_COLUMN},         {'d', PG_DATA_TYPE},
    {'n', PG_CONSTRAINT},     {'F', PG_FILE},
    {'L', PG_LINE},           {'R', PG_ROUTINE},
};

/* V, which no language changes, wins over S. */
static bool set_field(struct pg_fields *f, char letter, struct strview text)
{
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        if (letters[i].letter != letter || text.len == 0)
            continue;
        if (f->value[letters[i].field] != NULL && letter != 'V')
            return true;
        return pg_fields_set(f, letters[i].field, text.ptr, text.len);
    }
    return true;
}

struct pg_fields *pgwire_fields(struct strview body)
{
    struct pg_fields *f = pg_fields_new();
    struct pgwire_reader r = pgwire_reader(body);
    bool ok = f != NULL;

    while (ok && r.at < r.end) {
        char letter = pgwire_byte(&r);
        if (letter == '\0')
            break;
        ok = set_field(f, letter, pgwire_text(&r));
    }
    if (ok)
        return f;
    pg_fields_free(f);
    return NULL;
}
