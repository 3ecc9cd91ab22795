#include "analysis/json_writer.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"
#include "sim/check.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

struct json_writer json_writer_on(FILE *stream, unsigned indent)
{
    const struct json_writer writer = {.stream = stream, .indent = indent};
    return writer;
}

/* How many bytes, from the first on, stand for themselves. */
static size_t plain_length(const char *text)
{
    size_t length = 0;

    while (text[length] >= 0x20 && text[length] < 0x7F && text[length] != '"' &&
           text[length] != '\\') {
        length++;
    }
    return length;
}

static void write_quoted(FILE *stream, const char *text)
{
    const size_t plain = plain_length(text);

    fputc('"', stream);
    fwrite(text, 1, plain, stream); /* mostly all of it */
    text += plain;
    for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
        if (code == '"' || code == '\\') {
            fprintf(stream, "\\%c", (int)code);
        } else if (code == '\n') {
            fputs("\\n", stream);
        } else if (code == '\t') {
            fputs("\\t", stream);
        } else if (code < 0x20 || code == 0x7F) {
            fprintf(stream, "\\u%04" PRIx32, code);
        } else {
            char bytes[4];
            fwrite(bytes, 1, utf8_write(code, bytes), stream);
        }
    }
    fputc('"', stream);
}

static void line_break(const struct json_writer *writer)
{
    fputc('\n', writer->stream);
    for (unsigned i = 0; i < writer->depth; i++) {
        fputs("  ", writer->stream);
    }
}

/* Comma, line break and key before any value. */
static void value_begin(struct json_writer *writer, const char *key)
{
    if (writer->depth > 0) {
        bool *filled = &writer->filled[writer->depth - 1];
        if (*filled) {
            fputc(',', writer->stream);
        }
        if (writer->depth <= writer->indent) {
            line_break(writer);
        } else if (*filled) {
            fputc(' ', writer->stream);
        }
        *filled = true;
    }
    CHECK((key != NULL) == (writer->depth > 0 && writer->closing[writer->depth - 1] == '}'));
    if (key != NULL) {
        write_quoted(writer->stream, key);
        fputs(": ", writer->stream);
    }
}

static void nest(struct json_writer *writer, const char *key, char opening, char closing)
{
    value_begin(writer, key);
    CHECK(writer->depth < JSON_DEPTH_MAX);
    fputc(opening, writer->stream);
    writer->filled[writer->depth] = false;
    writer->closing[writer->depth] = closing;
    writer->depth++;
}

void json_write_object(struct json_writer *writer, const char *key)
{
    nest(writer, key, '{', '}');
}

void json_write_array(struct json_writer *writer, const char *key)
{
    nest(writer, key, '[', ']');
}

void json_write_end(struct json_writer *writer)
{
    CHECK(writer->depth > 0);
    const bool broken = writer->filled[writer->depth - 1] && writer->depth <= writer->indent;
    const char closing = writer->closing[writer->depth - 1];
    writer->depth--;
    if (broken) {
        line_break(writer);
    }
    fputc(closing, writer->stream);
    if (writer->depth == 0) {
        fputc('\n', writer->stream);
    }
}

void json_write_string(struct json_writer *writer, const char *key, const char *text)
{
    value_begin(writer, key);
    if (text == NULL) {
        fputs("null", writer->stream);
    } else {
        write_quoted(writer->stream, text);
    }
}

void json_write_number(struct json_writer *writer, const char *key, double value)
{
    char text[NUMBER_TEXT_MAX];
    value_begin(writer, key);
    fputs(number_text(value, text), writer->stream);
}

void json_write_integer(struct json_writer *writer, const char *key, int64_t value)
{
    value_begin(writer, key);
    fprintf(writer->stream, "%" PRId64, value);
}

void json_write_natural(struct json_writer *writer, const char *key, uint64_t value)
{
    value_begin(writer, key);
    fprintf(writer->stream, "%" PRIu64, value);
}

void json_write_boolean(struct json_writer *writer, const char *key, bool value)
{
    value_begin(writer, key);
    fputs(value ? "true" : "false", writer->stream);
}

void json_write_raw(struct json_writer *writer, const char *key, const char *json)
{
    value_begin(writer, key);
    /* A line break of JSON can only stand between its words, never in a string. */
    while (*json != '\0') {
        const size_t length = strcspn(json, "\r\n");
        fwrite(json, 1, length, writer->stream);
        json += length;
        json += strspn(json, "\r\n \t");
    }
}
