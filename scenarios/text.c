#include "scenarios/text.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char *reserve(struct text *text, size_t more)
{
    void *bytes = text->bytes;
    memory_grow(&bytes, &text->capacity, text->length + more + 1, 1);
    text->bytes = bytes;
    return text->bytes + text->length;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    char *end = reserve(text, length);
    if (length > 0) {
        memcpy(end, bytes, length);
    }
    end[length] = '\0';
    text->length += length;
}

void text_put(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    char *end = reserve(text, (size_t)length);
    va_start(arguments, format);
    vsnprintf(end, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_put_json(struct text *text, const char *string)
{
    text_put(text, "\"");
    for (const char *at = string; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            text_format(text, "\\%c", byte);
        } else if (byte == '\n') {
            text_put(text, "\\n");
        } else if (byte < 0x20 || byte == 0x7f) {
            text_format(text, "\\u%04x", byte);
        } else {
            text_add(text, at, 1);
        }
    }
    text_put(text, "\"");
}

size_t text_utf8_length(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    static const struct {
        unsigned char first, last, second_first, second_last, length;
    } rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
                {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    if (bytes[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (bytes[0] < rows[i].first || bytes[0] > rows[i].last) {
            continue;
        }
        if (length < rows[i].length || bytes[1] < rows[i].second_first ||
            bytes[1] > rows[i].second_last) {
            return 0;
        }
        for (size_t k = 2; k < rows[i].length; k++) {
            if ((bytes[k] & 0xc0U) != 0x80U) {
                return 0;
            }
        }
        return rows[i].length;
    }
    return 0;
}

const char *text_string(const struct text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

void text_release(struct text *text)
{
    memory_release(text->bytes);
    *text = (struct text){0};
}
