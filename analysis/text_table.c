#include "analysis/text_table.h"

#include "analysis/utf8.h"
#include "sim/check.h"

#include <string.h>

void text_table_init(struct text_table *table)
{
    memset(table, 0, sizeof *table);
    arena_init(&table->arena);
    table->left = 1;
}

void text_table_release(struct text_table *table)
{
    memory_release(table->cells);
    arena_release(&table->arena);
}

void text_table_left(struct text_table *table, unsigned column)
{
    CHECK(column < TEXT_TABLE_COLUMNS_MAX);
    table->left |= 1u << column;
}

/* A copy without control characters; every code point grows to at most 4 bytes. */
static char *clean_copy(struct arena *arena, const char *text)
{
    char *copy = arena_alloc(arena, 4 * strlen(text) + 1, 1);
    size_t length = 0;
    for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
        length += utf8_write(utf8_is_control(code) ? UTF8_REPLACEMENT : code, copy + length);
    }
    return copy;
}

/* Moves over whole characters until `width` columns have gone by. */
static const char *skip_columns(const char *text, int width)
{
    while (width > 0 && *text != '\0') {
        width -= utf8_code_width(utf8_next(&text));
    }
    return text;
}

static char *shorten(struct arena *arena, char *text)
{
    enum { KEPT = TEXT_TABLE_NAME_MAX - 1, HEAD = KEPT / 2, TAIL = KEPT - HEAD };
    const int width = utf8_width(text);
    if (width <= TEXT_TABLE_NAME_MAX) {
        return text;
    }
    const char *head_end = skip_columns(text, HEAD);
    const char *tail = skip_columns(text, width - TAIL);
    return arena_printf(arena, "%.*s\xE2\x80\xA6%s", (int)(head_end - text), text, tail);
}

void text_table_cell(struct text_table *table, const char *text)
{
    const size_t index = table->rows * TEXT_TABLE_COLUMNS_MAX + table->column;
    CHECK(table->column < TEXT_TABLE_COLUMNS_MAX);
    void *cells = table->cells;
    memory_grow(&cells, &table->capacity, (table->rows + 1) * TEXT_TABLE_COLUMNS_MAX,
                sizeof *table->cells);
    table->cells = cells;
    char *copy = clean_copy(&table->arena, text);
    table->cells[index] =
        (table->left >> table->column & 1u) != 0 ? shorten(&table->arena, copy) : copy;
    table->column++;
}

void text_table_row(struct text_table *table)
{
    table->rows++;
    table->column = 0;
}

size_t text_table_rows(const struct text_table *table)
{
    return table->rows;
}

static const char *cell_at(const struct text_table *table, size_t row, size_t column)
{
    const char *cell = table->cells[row * TEXT_TABLE_COLUMNS_MAX + column];
    return cell == NULL ? "" : cell;
}

static size_t column_count(const struct text_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->rows * TEXT_TABLE_COLUMNS_MAX; i++) {
        const size_t column = i % TEXT_TABLE_COLUMNS_MAX;
        if (table->cells[i] != NULL && column >= count) {
            count = column + 1;
        }
    }
    return count;
}

static void print_blanks(FILE *stream, int count)
{
    for (int i = 0; i < count; i++) {
        fputc(' ', stream);
    }
}

static void print_row(const struct text_table *table, FILE *stream, size_t row, const int *widths)
{
    int owed = 0; /* blanks are printed only in front of something */
    const size_t count = column_count(table);
    for (size_t column = 0; column < count; column++) {
        const char *cell = cell_at(table, row, column);
        const int gap = widths[column] - utf8_width(cell);
        const bool left = (table->left >> column & 1u) != 0;
        owed += column == 0 ? 2 : 0;
        owed += left ? 0 : gap;
        if (*cell != '\0') {
            print_blanks(stream, owed);
            fputs(cell, stream);
            owed = 0;
        }
        owed += (left ? gap : 0) + 2;
    }
    fputc('\n', stream);
}

void text_table_print(const struct text_table *table, FILE *stream, bool colour)
{
    int widths[TEXT_TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->rows * TEXT_TABLE_COLUMNS_MAX; i++) {
        const size_t column = i % TEXT_TABLE_COLUMNS_MAX;
        const int width = table->cells[i] == NULL ? 0 : utf8_width(table->cells[i]);
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t row = 0; row < table->rows; row++) {
        if (row == 0 && colour) {
            fputs("\033[2m", stream);
        }
        print_row(table, stream, row, widths);
        if (row == 0 && colour) {
            fputs("\033[0m", stream);
        }
    }
}
