/*
 * gp_literal.h - the only way for text of a scenario to enter a gnuplot script.
 *
 * Threat: gnuplot has no safe mode. A title that ends its quotes, a backtick, a newline, a macro or
 *         the end mark of a data block runs commands; doubling quotes or escaping with backslashes
 *         is not enough.
 * Model:  a double-quoted literal in which every byte outside [A-Za-z0-9 ._-] is an octal escape,
 *         which gnuplot never looks at again, and so is a digit behind an escape, which gnuplot
 *         would take as part of it. Control characters, bytes that are not UTF-8, U+FFFE and U+FFFF
 *         become U+FFFD first, because SVG viewers refuse them; long text is cut with an
 *         ellipsis. The caller still says `noenhanced`.
 * Tics:   the labels of `set xtics ("..." 1)` are printf formats; there a percent sign is doubled.
 * Errors: stay in the stream.
 * Source: tried with gnuplot 5.4.4; tests/plots/test_hostile_names tries it again.
 */
#ifndef PLOTS_GP_LITERAL_H
#define PLOTS_GP_LITERAL_H

#include <stdio.h>

enum { GP_LITERAL_POINTS_MAX = 200, GP_TIC_POINTS_MAX = 24 };

void gp_literal(FILE *script, const char *text);
void gp_literal_cut(FILE *script, const char *text, unsigned points_max); /* code points */
void gp_tic_literal(FILE *script, const char *text);

#endif
