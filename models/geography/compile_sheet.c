#include "models/geography/compile_sheet.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void sheet_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("geodes_compile_data: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *sheet_memory(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    if (memory == NULL) {
        sheet_fail("out of memory");
    }
    return memory;
}

static void on_cell(void *text, size_t length, void *user)
{
    struct sheet *sheet = user;
    if (sheet->cell_count == SHEET_CELLS_MAX) {
        sheet_fail("%s: more than %d cells", sheet->path, SHEET_CELLS_MAX);
    }
    char *copy = sheet_memory(length + 1, 1);
    memcpy(copy, text, length);
    sheet->cells[sheet->cell_count++] = copy;
}

static void on_row(int end, void *user)
{
    struct sheet *sheet = user;
    (void)end;
    if (sheet->column_count == 0) {
        sheet->column_count = sheet->cell_count;
    }
    if (sheet->cell_count % sheet->column_count != 0) {
        sheet_fail("%s: row %zu has not %zu cells", sheet->path,
                   sheet->cell_count / sheet->column_count, sheet->column_count);
    }
}

struct sheet *sheet_read(const char *folder, const char *name)
{
    struct sheet *sheet = sheet_memory(1, sizeof *sheet);
    snprintf(sheet->path, sizeof sheet->path, "%s/%s", folder, name);
    FILE *file = fopen(sheet->path, "rb");
    struct csv_parser parser;
    if (file == NULL || csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        sheet_fail("%s: cannot be opened", sheet->path);
    }
    char block[65536];
    size_t length;
    while ((length = fread(block, 1, sizeof block, file)) > 0) {
        if (csv_parse(&parser, block, length, on_cell, on_row, sheet) != length) {
            sheet_fail("%s: %s", sheet->path, csv_strerror(csv_error(&parser)));
        }
    }
    if (ferror(file) || csv_fini(&parser, on_cell, on_row, sheet) != 0) {
        sheet_fail("%s: cannot be read to its end", sheet->path);
    }
    csv_free(&parser);
    fclose(file);
    if (sheet->column_count == 0) {
        sheet_fail("%s: is empty", sheet->path);
    }
    sheet->row_count = sheet->cell_count / sheet->column_count - 1;
    return sheet;
}

const char *sheet_text(const struct sheet *sheet, size_t row, const char *column)
{
    for (size_t i = 0; i < sheet->column_count; ++i) {
        if (strcmp(sheet->cells[i], column) == 0) {
            return sheet->cells[(row + 1) * sheet->column_count + i];
        }
    }
    sheet_fail("%s: has no column %s", sheet->path, column);
}

double sheet_number(const struct sheet *sheet, size_t row, const char *column)
{
    const char *text = sheet_text(sheet, row, column);
    if (text[0] == '\0') {
        return -1000.0;
    }
    char *end = NULL;
    const double value = strtod(text, &end);
    if (*end != '\0' || !(value >= -180.0 && value <= 1e6)) {
        sheet_fail("%s: row %zu: %s is not a number in range: \"%s\"", sheet->path, row + 2, column,
                   text);
    }
    return value;
}

void sheet_release(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->cell_count; ++i) {
        free(sheet->cells[i]);
    }
    free(sheet);
}
