/* test_table_file.c - the limits of CSV files at their edge; other refusals are in errors/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/table_file.h"
#include "sim/arena.h"

#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, size_t length, bool header, struct param_csv *out)
{
    struct arena arena;
    arena_init(&arena);
    struct diags *diags = arena_alloc(&arena, 1, sizeof *diags);
    diags_init(diags, &arena);
    const struct source source = {
        .name = "t.csv", .text = arena_text(&arena, text, length), .length = length};
    const bool ok = table_file_parse(&source, header, "path", out, diags);
    assert_int_equal(ok ? 0 : 1, diags->total);
    arena_release(&arena);
    return ok;
}

static void cells_have_a_longest(void **state)
{
    (void)state;
    struct param_csv table;
    char text[TABLE_FILE_CELL_MAX + 8];
    memset(text, 'x', sizeof text);
    assert_true(parse(text, TABLE_FILE_CELL_MAX, false, &table));
    assert_int_equal(table.rows, 1);
    assert_false(parse(text, TABLE_FILE_CELL_MAX + 1, false, &table));
}

static void a_quote_never_closed_is_no_endless_cell(void **state)
{
    (void)state;
    struct param_csv table;
    const size_t length = 1 << 20;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    text[0] = '"';
    for (size_t i = 100; i < length; i += 100) {
        text[i] = '\n';
    }
    assert_false(parse(text, length, false, &table));
    free(text);
}

static void rows_have_a_widest(void **state)
{
    (void)state;
    struct param_csv table;
    char text[2 * TABLE_FILE_COLUMNS_MAX + 4];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 2 == 0 ? '1' : ',';
    }
    assert_true(parse(text, 2 * TABLE_FILE_COLUMNS_MAX - 1, false, &table));
    assert_int_equal(table.columns, TABLE_FILE_COLUMNS_MAX);
    assert_false(parse(text, 2 * TABLE_FILE_COLUMNS_MAX + 1, false, &table));
}

static void files_have_a_largest(void **state)
{
    (void)state;
    struct param_csv table;
    char *text = malloc(TABLE_FILE_BYTES_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', TABLE_FILE_BYTES_MAX + 1);
    for (size_t i = 1023; i < TABLE_FILE_BYTES_MAX + 1; i += 1024) {
        text[i] = '\n';
    }
    assert_true(parse(text, TABLE_FILE_BYTES_MAX, false, &table));
    assert_false(parse(text, TABLE_FILE_BYTES_MAX + 1, false, &table));
    free(text);
}

static void cells_have_a_greatest_number(void **state)
{
    (void)state;
    struct param_csv table;
    const size_t length = 2 * (size_t)(TABLE_FILE_CELLS_MAX + 1);
    char *text = malloc(length);
    assert_non_null(text);
    for (size_t i = 0; i < length; i += 2) {
        memcpy(text + i, "1\n", 2);
    }
    assert_true(parse(text, length - 2, false, &table));
    assert_int_equal(table.rows, TABLE_FILE_CELLS_MAX);
    assert_false(parse(text, length, false, &table));
    free(text);
}

static void lines_count_through_quotes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct diags *diags = arena_alloc(&arena, 1, sizeof *diags);
    diags_init(diags, &arena);
    static const char text[] = "a,b\n1,\"two\nlines\"\n3,4\n5,\"\"\n\n";
    const struct source source = {.name = "t.csv", .text = text, .length = sizeof text - 1};
    struct param_csv table;
    assert_true(table_file_parse(&source, true, "", &table, diags));
    assert_int_equal(table.rows, 3);
    assert_int_equal(table.lines[0], 2);
    assert_int_equal(table.lines[1], 4);
    assert_int_equal(table.lines[2], 5);
    assert_string_equal(table.cells[1], "two\nlines");
    assert_string_equal(table.cells[5], "");
    assert_int_equal(table_file_place(&source, 4).offset, 18);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_a_longest),
        cmocka_unit_test(a_quote_never_closed_is_no_endless_cell),
        cmocka_unit_test(rows_have_a_widest),
        cmocka_unit_test(files_have_a_largest),
        cmocka_unit_test(cells_have_a_greatest_number),
        cmocka_unit_test(lines_count_through_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
