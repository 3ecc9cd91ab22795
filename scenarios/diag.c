#include "scenarios/diag.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_BYTES_MAX = 160, /* of a source line shown under a message */
    LINE_BYTES_BEFORE = 60
};

void diags_init(struct diags *diags, struct arena *arena)
{
    *diags = (struct diags){.arena = arena};
}

struct diag *diags_add(struct diags *diags, struct place place, const char *code,
                       const char *format, ...)
{
    CHECK(place.source != NULL);
    const size_t sequence = diags->total++;
    if (diags->count == DIAGS_MAX) {
        return &diags->surplus;
    }
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    char *message = arena_alloc(diags->arena, (size_t)length + 1, 1);
    va_start(arguments, format);
    vsnprintf(message, (size_t)length + 1, format, arguments);
    va_end(arguments);
    struct diag *diag = &diags->items[diags->count++];
    *diag = (struct diag){
        .place = place, .path = "", .code = code, .message = message, .sequence = sequence};
    return diag;
}

static bool starts_character(char byte)
{
    return ((unsigned char)byte & 0xc0U) != 0x80U;
}

static size_t count_characters(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += starts_character(text[i]) ? 1 : 0;
    }
    return count;
}

struct position place_position_after(struct place place, struct place before,
                                     struct position position_before)
{
    const char *text = place.source->text;
    const size_t length = place.source->length;
    CHECK(place.offset <= length);
    CHECK(before.source == place.source);
    CHECK(before.offset <= place.offset);
    struct position position = position_before;
    const char *next = NULL;
    const char *start = text + before.offset;
    const bool known = position.line_length > 0;
    if (known && place.offset <= position.line_start + position.line_length) {
        position.column += count_characters(start, place.offset - before.offset);
        return position;
    }
    while ((next = memchr(start, '\n', (size_t)(text + place.offset - start))) != NULL) {
        position.line++;
        position.column = 1;
        start = next + 1;
        position.line_start = (size_t)(start - text);
    }
    const char *end = memchr(text + place.offset, '\n', length - place.offset);
    position.line_length = (end != NULL ? (size_t)(end - text) : length) - position.line_start;
    position.column += count_characters(start, (size_t)(text + place.offset - start));
    return position;
}

struct position place_position(struct place place)
{
    const struct place start = {place.source, 0};
    const struct position first = {.line = 1, .column = 1};
    return place_position_after(place, start, first);
}

bool diags_full(const struct diags *diags)
{
    return diags->count == DIAGS_MAX;
}

/* A total order, hence the same on any machine. */
static int compare_diags(const void *left, const void *right)
{
    const struct diag *a = left;
    const struct diag *b = right;
    if (a->place.source->order != b->place.source->order) {
        return a->place.source->order < b->place.source->order ? -1 : 1;
    }
    if (a->place.offset != b->place.offset) {
        return a->place.offset < b->place.offset ? -1 : 1;
    }
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static void sort_diags(struct diags *diags)
{
    if (diags->count > 1) {
        qsort(diags->items, diags->count, sizeof diags->items[0], compare_diags);
    }
}

static void put_line(const struct diag *diag, struct text *out)
{
    text_put(out, diag->place.source->name);
    if (!diag->place.source->whole) {
        const struct position position = place_position(diag->place);
        text_format(out, ":%zu:%zu", position.line, position.column);
    }
    text_format(out, ": %s%s%s", diag->path, diag->path[0] != '\0' ? ": " : "", diag->message);
    if (diag->suggestion != NULL) {
        text_format(out, " (did you mean \"%s\"?)", diag->suggestion);
    }
    text_put(out, "\n");
}

/* Bytes that are safe on a terminal: control characters and broken UTF-8 become '?'. */
static void put_safely(struct text *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        const bool control = byte < 0x20 || byte == 0x7f;
        const bool c1 = byte == 0xc2 && i + 1 < length && (unsigned char)bytes[i + 1] < 0xa0;
        if (byte == '\t') {
            text_put(out, " ");
        } else if (control || byte >= 0xf8) {
            text_put(out, "?");
        } else if (c1) {
            text_put(out, "?");
            i++;
        } else {
            text_add(out, bytes + i, 1);
        }
    }
}

static void put_caret(const struct diag *diag, struct text *out)
{
    const struct position position = place_position(diag->place);
    const char *line = diag->place.source->text + position.line_start;
    const size_t at = diag->place.offset - position.line_start;
    const bool cut = position.line_length > LINE_BYTES_MAX && at > LINE_BYTES_BEFORE;
    size_t first = cut ? at - LINE_BYTES_BEFORE : 0;
    while (first > 0 && !starts_character(line[first])) {
        first--;
    }
    size_t last = position.line_length;
    if (last > first + LINE_BYTES_MAX) {
        last = first + LINE_BYTES_MAX;
        while (last > at && !starts_character(line[last])) {
            last--;
        }
    }
    text_put(out, "    ");
    put_safely(out, line + first, last - first);
    text_put(out, "\n    ");
    const size_t before = count_characters(line + first, at - first);
    for (size_t i = 0; i < before; i++) {
        text_put(out, " ");
    }
    text_put(out, "^\n");
}

static void put_rest(const struct diags *diags, struct text *out)
{
    if (diags->total > diags->count) {
        const size_t rest = diags->total - diags->count;
        text_format(out, "and %zu more error%s\n", rest, rest == 1 ? "" : "s");
    }
}

void diags_put_text(struct diags *diags, struct text *out)
{
    sort_diags(diags);
    for (size_t i = 0; i < diags->count; i++) {
        put_line(&diags->items[i], out);
        if (!diags->items[i].place.source->whole) {
            put_caret(&diags->items[i], out);
        }
    }
    put_rest(diags, out);
}

void diags_put_lines(struct diags *diags, struct text *out)
{
    sort_diags(diags);
    for (size_t i = 0; i < diags->count; i++) {
        put_line(&diags->items[i], out);
    }
    put_rest(diags, out);
}

static void put_json_member(struct text *out, const char *key, const char *value)
{
    text_format(out, ", \"%s\": ", key);
    text_put_json(out, value);
}

void diags_put_json(struct diags *diags, struct text *out)
{
    sort_diags(diags);
    text_put(out, "[");
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *diag = &diags->items[i];
        text_format(out, "%s\n  {\"severity\": \"error\"", i > 0 ? "," : "");
        put_json_member(out, "file", diag->place.source->name);
        if (!diag->place.source->whole) {
            const struct position position = place_position(diag->place);
            text_format(out, ", \"line\": %zu, \"column\": %zu", position.line, position.column);
        }
        put_json_member(out, "path", diag->path);
        put_json_member(out, "code", diag->code);
        put_json_member(out, "message", diag->message);
        if (diag->suggestion != NULL) {
            put_json_member(out, "suggestion", diag->suggestion);
        }
        text_put(out, "}");
    }
    text_put(out, diags->count > 0 ? "\n]\n" : "]\n");
}
