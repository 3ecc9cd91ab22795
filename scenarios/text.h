/*
 * text.h - a growing piece of text, and JSON's way to quote.
 *
 * Ownership: text_release() frees the bytes; a zeroed struct is an empty text.
 * Errors:    none beyond those of memory.
 * Cost:      adding is amortised O(length).
 */
#ifndef SCENARIOS_TEXT_H
#define SCENARIOS_TEXT_H

#include <stddef.h>

struct text {
    char *bytes; /* ends with NUL once something was added */
    size_t length;
    size_t capacity; /* private */
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_put(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* In JSON's quotes, with every control character escaped. `string` is valid UTF-8. */
void text_put_json(struct text *text, const char *string);

/* Bytes of the UTF-8 character at text, 0 when it is not valid (RFC 3629, section 4). */
size_t text_utf8_length(const char *text, size_t length);

/* "" for an empty text. */
const char *text_string(const struct text *text);

void text_release(struct text *text);

#endif
