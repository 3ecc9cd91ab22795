#include "scenarios/json_scan.h"

#include "scenarios/json.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <string.h>

struct scanner {
    const struct source *source;
    const char *text;
    size_t at, length;
    size_t nodes, depth;
    char closers[JSON_DEPTH_MAX]; /* '}' or ']' of the open containers */
    struct json_scan *scan;
    struct diags *diags;
};

#define FAIL(scanner, offset, ...)                                                                 \
    (diags_add((scanner)->diags, (struct place){(scanner)->source, (offset)}, "json",              \
               __VA_ARGS__),                                                                       \
     false)

static unsigned char peek(const struct scanner *scanner)
{
    return scanner->at < scanner->length ? (unsigned char)scanner->text[scanner->at] : 0;
}

static bool at_end(const struct scanner *scanner)
{
    return scanner->at >= scanner->length;
}

/* What stands here, for a message. */
static const char *found(const struct scanner *scanner)
{
    const unsigned char c = peek(scanner);
    if (at_end(scanner)) {
        return "the end of the file";
    }
    if (c < 0x20 || c >= 0x7f) {
        return arena_printf(scanner->diags->arena, "the byte 0x%02x", c);
    }
    return c == '"' ? "'\"'" : arena_printf(scanner->diags->arena, "\"%c\"", c);
}

static void skip_space(struct scanner *scanner)
{
    while (!at_end(scanner) && strchr(" \t\r\n", peek(scanner)) != NULL && peek(scanner) != 0) {
        scanner->at++;
    }
}

static bool record(struct scanner *scanner, bool value)
{
    struct json_scan *scan = scanner->scan;
    if (value && ++scanner->nodes > JSON_NODES_MAX) {
        return FAIL(scanner, scanner->at, "has more than %d values", JSON_NODES_MAX);
    }
    void *offsets = scan->offsets;
    memory_grow(&offsets, &scan->capacity, scan->count + 1, sizeof scan->offsets[0]);
    scan->offsets = offsets;
    scan->offsets[scan->count++] = (uint32_t)scanner->at;
    return true;
}

/* Four hexadecimal digits; false when there are not. */
static bool read_hex(const struct scanner *scanner, size_t at, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < 4; i++) {
        const char c = at + i < scanner->length ? scanner->text[at + i] : '\0';
        const char *digits = "0123456789abcdef";
        const char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
        const char *digit = lower != '\0' ? strchr(digits, lower) : NULL;
        if (digit == NULL) {
            return false;
        }
        *out = *out * 16 + (unsigned)(digit - digits);
    }
    return true;
}

/* "\u0041" at the scanner; adds the bytes of the decoded character to *decoded. */
static bool scan_unicode_escape(struct scanner *scanner, size_t *decoded)
{
    const size_t start = scanner->at;
    unsigned unit = 0;
    unsigned low = 0;
    if (!read_hex(scanner, start + 2, &unit)) {
        return FAIL(scanner, start, "\\u needs four hexadecimal digits");
    }
    scanner->at += 6;
    if (unit == 0) {
        return FAIL(scanner, start, "\\u0000 is not allowed");
    }
    if (unit >= 0xdc00 && unit <= 0xdfff) {
        return FAIL(scanner, start, "is a low surrogate without a high one before it");
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
        const bool pair = scanner->at + 1 < scanner->length &&
                          memcmp(scanner->text + scanner->at, "\\u", 2) == 0 &&
                          read_hex(scanner, scanner->at + 2, &low) && low >= 0xdc00 &&
                          low <= 0xdfff;
        if (!pair) {
            return FAIL(scanner, start, "is a high surrogate without a low one behind it");
        }
        scanner->at += 6;
        *decoded += 4;
        return true;
    }
    *decoded += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    return true;
}

/* One character of a string. */
static bool scan_character(struct scanner *scanner, size_t *decoded)
{
    const unsigned char c = peek(scanner);
    if (c == '\\') {
        const char escaped = scanner->at + 1 < scanner->length ? scanner->text[scanner->at + 1] : 0;
        if (escaped == 'u') {
            return scan_unicode_escape(scanner, decoded);
        }
        if (escaped == '\0' || strchr("\"\\/bfnrt", escaped) == NULL) {
            return FAIL(scanner, scanner->at,
                        "is not an escape of JSON (\\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t, \\u)");
        }
        scanner->at += 2;
        *decoded += 1;
        return true;
    }
    if (c < 0x20) {
        return FAIL(scanner, scanner->at, "control character 0x%02x in a string", c);
    }
    const size_t bytes =
        text_utf8_length(scanner->text + scanner->at, scanner->length - scanner->at);
    if (bytes == 0) {
        return FAIL(scanner, scanner->at, "byte 0x%02x is not valid UTF-8", c);
    }
    scanner->at += bytes;
    *decoded += bytes;
    return true;
}

static bool scan_string(struct scanner *scanner)
{
    const size_t start = scanner->at++;
    size_t decoded = 0;
    while (!at_end(scanner) && peek(scanner) != '"') {
        if (!scan_character(scanner, &decoded)) {
            return false;
        }
        if (decoded > JSON_STRING_MAX) {
            return FAIL(scanner, start, "string is longer than %d bytes", JSON_STRING_MAX);
        }
    }
    if (at_end(scanner)) {
        return FAIL(scanner, start, "string without a closing quote");
    }
    scanner->at++;
    return true;
}

static size_t skip_digits(struct scanner *scanner)
{
    const size_t start = scanner->at;
    while (peek(scanner) >= '0' && peek(scanner) <= '9') {
        scanner->at++;
    }
    return scanner->at - start;
}

static bool scan_number(struct scanner *scanner)
{
    const size_t start = scanner->at;
    scanner->at += peek(scanner) == '-' ? 1 : 0;
    const bool zero = peek(scanner) == '0';
    const size_t whole = skip_digits(scanner);
    if (whole == 0 || (zero && whole > 1)) {
        return FAIL(scanner, start, "number needs %s",
                    whole == 0 ? "a digit before anything else" : "no leading zeros");
    }
    if (peek(scanner) == '.') {
        scanner->at++;
        if (skip_digits(scanner) == 0) {
            return FAIL(scanner, start, "number needs a digit behind the decimal point");
        }
    }
    if (peek(scanner) == 'e' || peek(scanner) == 'E') {
        scanner->at++;
        scanner->at += peek(scanner) == '+' || peek(scanner) == '-' ? 1 : 0;
        if (skip_digits(scanner) == 0) {
            return FAIL(scanner, start, "number needs a digit in its exponent");
        }
    }
    if (scanner->at - start > JSON_NUMBER_MAX) {
        return FAIL(scanner, start, "number is longer than %d characters", JSON_NUMBER_MAX);
    }
    return true;
}

static bool scan_word(struct scanner *scanner)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t length = strlen(words[i]);
        if (scanner->length - scanner->at >= length &&
            memcmp(scanner->text + scanner->at, words[i], length) == 0) {
            scanner->at += length;
            return true;
        }
    }
    const bool comment = peek(scanner) == '/' || peek(scanner) == '#';
    return FAIL(scanner, scanner->at, "expected a value, found %s%s", found(scanner),
                comment ? " (JSON has no comments)" : "");
}

/* The key of a member and its colon. */
static bool scan_key(struct scanner *scanner)
{
    skip_space(scanner);
    if (peek(scanner) != '"') {
        return FAIL(scanner, scanner->at, "expected a key in double quotes, found %s",
                    found(scanner));
    }
    if (!record(scanner, false) || !scan_string(scanner)) {
        return false;
    }
    skip_space(scanner);
    if (peek(scanner) != ':') {
        return FAIL(scanner, scanner->at, "expected \":\" behind a key, found %s", found(scanner));
    }
    scanner->at++;
    return true;
}

/* A value, or the beginning of one: *open says that its first item or member follows. */
static bool scan_value(struct scanner *scanner, bool *open)
{
    skip_space(scanner);
    *open = false;
    if (!record(scanner, true)) {
        return false;
    }
    const unsigned char c = peek(scanner);
    if (c == '"') {
        return scan_string(scanner);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return scan_number(scanner);
    }
    if (c != '{' && c != '[') {
        return scan_word(scanner);
    }
    if (scanner->depth == JSON_DEPTH_MAX) {
        return FAIL(scanner, scanner->at, "is nested deeper than %d levels", JSON_DEPTH_MAX);
    }
    const char closer = c == '{' ? '}' : ']';
    scanner->at++;
    skip_space(scanner);
    if (peek(scanner) == (unsigned char)closer) {
        scanner->at++;
        return true;
    }
    scanner->closers[scanner->depth++] = closer;
    *open = true;
    return closer == ']' || scan_key(scanner);
}

/* Behind a value: closes what ends here; *more says that another value follows. */
static bool scan_after_value(struct scanner *scanner, bool *more)
{
    *more = false;
    while (scanner->depth > 0) {
        const char closer = scanner->closers[scanner->depth - 1];
        skip_space(scanner);
        if (peek(scanner) == ',') {
            scanner->at++;
            *more = true;
            return closer == ']' || scan_key(scanner);
        }
        if (at_end(scanner) || peek(scanner) != (unsigned char)closer) {
            return FAIL(scanner, scanner->at, "expected \",\" or \"%c\", found %s", closer,
                        found(scanner));
        }
        scanner->at++;
        scanner->depth--;
    }
    return true;
}

static bool scan_document(struct scanner *scanner)
{
    bool more = true;
    while (more) {
        bool open = false;
        if (!scan_value(scanner, &open)) {
            return false;
        }
        if (!open && !scan_after_value(scanner, &more)) {
            return false;
        }
    }
    skip_space(scanner);
    if (!at_end(scanner)) {
        return FAIL(scanner, scanner->at, "text behind the end of the document");
    }
    return true;
}

bool json_scan(const struct source *source, struct json_scan *scan, struct diags *diags)
{
    struct scanner scanner = {.source = source,
                              .text = source->text,
                              .length = source->length,
                              .scan = scan,
                              .diags = diags};
    CHECK(source->text[source->length] == '\0');
    if (source->length > JSON_BYTES_MAX) {
        return FAIL(&scanner, 0, "file is larger than %d bytes", JSON_BYTES_MAX);
    }
    if (source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        return FAIL(&scanner, 0, "file begins with a byte order mark; save it as UTF-8 without");
    }
    skip_space(&scanner);
    if (at_end(&scanner)) {
        return FAIL(&scanner, 0, "file is empty");
    }
    return scan_document(&scanner);
}
