/* Any bytes through the lexer: tokens are never empty and never run past the end. The classifier
 * reads the same bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strview text = {(const char *)data, size};
    struct split_piece piece;
    size_t pos = 0;

    while (pos < size) {
        enum tok kind = TOK_ILLEGAL;
        size_t len = lexer_next(text.ptr + pos, size - pos, &kind);
        if (len == 0 || len > size - pos || kind > TOK_ILLEGAL)
            abort();
        pos += len;
    }
    for (pos = 0; split_next(text, &pos, &piece);)
        if (piece.text.len > size)
            abort();
    if (sql_class_name(sql_classify(text).cls) == NULL)
        abort();
    return 0;
}
