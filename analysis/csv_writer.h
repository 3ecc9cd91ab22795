/*
 * csv_writer.h - rows of comma separated values (RFC 4180), for spreadsheets, R and pandas.
 *
 * Model:  one call a cell, sheet_end() after each row. Text is quoted by libcsv, and only where a
 *         comma, a quote, a line break or a blank at an end makes it necessary. A name that begins
 *         with = + - @ TAB or CR gets an apostrophe in front, because spreadsheets run such cells
 *         as formulas; numbers never do.
 * Errors: stay in the stream (ferror) and are noticed when its owner commits it.
 */
#ifndef ANALYSIS_CSV_WRITER_H
#define ANALYSIS_CSV_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct sheet {
    FILE *stream;
    bool row_begun; /* private */
};

struct sheet sheet_on(FILE *stream);
void sheet_text(struct sheet *sheet, const char *text);
void sheet_number(struct sheet *sheet, double value); /* not finite: an empty cell */
void sheet_integer(struct sheet *sheet, uint64_t value);
void sheet_empty(struct sheet *sheet);
void sheet_end(struct sheet *sheet);

#endif
