#include "plots/gp_literal.h"

#include "analysis/utf8.h"

#include <stdbool.h>

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_plain(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || is_digit(byte) ||
           byte == ' ' || byte == '.' || byte == '_' || byte == '-';
}

/*
 * gnuplot reads as many octal digits as there are, not three: a plain digit behind an escape would
 * become part of it, so that digit is escaped as well. Returns whether the last byte was an escape.
 */
static bool write_code(FILE *script, uint32_t code, bool after_escape)
{
    char bytes[4];
    const size_t length = utf8_write(code, bytes);
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        after_escape = !is_plain(byte) || (after_escape && is_digit(byte));
        if (after_escape) {
            fprintf(script, "\\%03o", byte);
        } else {
            fputc(byte, script);
        }
    }
    return after_escape;
}

static unsigned point_count(const char *text)
{
    unsigned count = 0;
    while (utf8_next(&text) != 0) {
        count++;
    }
    return count;
}

static void write_literal(FILE *script, const char *text, unsigned points_max, bool is_format)
{
    enum { ELLIPSIS = 0x2026 };
    const bool cut = point_count(text) > points_max;
    const unsigned kept = cut ? points_max - 1 : points_max;
    bool after_escape = false;
    fputc('"', script);
    for (unsigned i = 0; i < kept; i++) {
        const uint32_t code = utf8_next(&text);
        if (code == 0) {
            break;
        }
        if (is_format && code == '%') {
            after_escape = write_code(script, code, after_escape);
        }
        after_escape =
            write_code(script, utf8_is_control(code) ? UTF8_REPLACEMENT : code, after_escape);
    }
    if (cut) {
        write_code(script, ELLIPSIS, after_escape);
    }
    fputc('"', script);
}

void gp_literal(FILE *script, const char *text)
{
    write_literal(script, text, GP_LITERAL_POINTS_MAX, false);
}

void gp_literal_cut(FILE *script, const char *text, unsigned points_max)
{
    write_literal(script, text, points_max, false);
}

void gp_tic_literal(FILE *script, const char *text)
{
    write_literal(script, text, GP_TIC_POINTS_MAX, true);
}
