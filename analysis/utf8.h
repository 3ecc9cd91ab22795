/*
 * utf8.h - walking over text that may not be valid UTF-8, and its width on a terminal.
 *
 * Model:  one code point a call (The Unicode Standard 15.0, table 3-7: no overlong forms, no
 *         surrogates, nothing above U+10FFFF); a bad byte counts as one U+FFFD.
 * Width:  0 for combining marks and other zero-width characters, 2 for East Asian wide and emoji
 *         ranges, else 1 (the ranges of Unicode Standard Annex 11 that matter for place names).
 */
#ifndef ANALYSIS_UTF8_H
#define ANALYSIS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD };

/* Reads the code point at *text and moves *text behind it; 0 at the end. Bad bytes: U+FFFD. */
uint32_t utf8_next(const char **text);

/* Writes 1 to 4 bytes and returns how many. */
size_t utf8_write(uint32_t code, char bytes[4]);

/* Control characters (C0, DEL, C1) and the two non-characters U+FFFE and U+FFFF, that XML refuses.
 */
bool utf8_is_control(uint32_t code);

int utf8_code_width(uint32_t code);
int utf8_width(
    const char *text); /* columns; control characters count 1, as they are shown as U+FFFD */

#endif
