/* The writers under the reports: CSV cells, JSON values, UTF-8 and table columns. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include "analysis/csv_writer.h"
#include "analysis/json_writer.h"
#include "analysis/text_table.h"
#include "analysis/utf8.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t text_size;

static FILE *stream_open(void)
{
    FILE *stream = open_memstream(&text, &text_size);
    assert_non_null(stream);
    return stream;
}

static void expect_stream(FILE *stream, const char *expected)
{
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void test_csv_cells(void **state)
{
    (void)state;
    struct sheet sheet = sheet_on(stream_open());
    sheet_text(&sheet, "plain name");
    sheet_text(&sheet, "a,b");
    sheet_text(&sheet, "say \"hi\"");
    sheet_text(&sheet, "two\nlines");
    sheet_text(&sheet, " blank");
    sheet_text(&sheet, "");
    sheet_end(&sheet);
    sheet_number(&sheet, -0.1);
    sheet_number(&sheet, (double)NAN);
    sheet_number(&sheet, (double)INFINITY);
    sheet_integer(&sheet, UINT64_MAX);
    sheet_empty(&sheet);
    sheet_end(&sheet);
    expect_stream(sheet.stream, "plain name,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\" blank\",\n"
                                "-0.1,,,18446744073709551615,\n");
}

static void test_csv_formulas(void **state)
{
    (void)state;
    struct sheet sheet = sheet_on(stream_open());
    sheet_text(&sheet, "=1+2");
    sheet_text(&sheet, "+1");
    sheet_text(&sheet, "-1");
    sheet_text(&sheet, "@SUM(A1)");
    sheet_text(&sheet, "\tx");
    sheet_text(&sheet, "a=b");
    sheet_end(&sheet);
    expect_stream(sheet.stream, "\"'=1+2\",\"'+1\",\"'-1\",\"'@SUM(A1)\",\"'\tx\",a=b\n");
}

static void test_json_layout(void **state)
{
    (void)state;
    struct json_writer writer = json_writer_on(stream_open(), 2);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "name", "x");
    json_write_array(&writer, "list");
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "i", -3);
    json_write_natural(&writer, "n", UINT64_MAX);
    json_write_end(&writer);
    json_write_object(&writer, NULL);
    json_write_end(&writer);
    json_write_end(&writer);
    json_write_array(&writer, "empty");
    json_write_end(&writer);
    json_write_raw(&writer, "raw", "{\n  \"a\": 1,\r\n  \"b\": \"c d\"\n}");
    json_write_end(&writer);
    expect_stream(writer.stream, "{\n"
                                 "  \"name\": \"x\",\n"
                                 "  \"list\": [\n"
                                 "    {\"i\": -3, \"n\": 18446744073709551615},\n"
                                 "    {}\n"
                                 "  ],\n"
                                 "  \"empty\": [],\n"
                                 "  \"raw\": {\"a\": 1,\"b\": \"c d\"}\n"
                                 "}\n");
}

static void test_json_values(void **state)
{
    (void)state;
    struct json_writer writer = json_writer_on(stream_open(), 0);
    json_write_array(&writer, NULL);
    json_write_string(&writer, NULL, "q\" b\\ n\n t\t e\033 d\177 \303\274");
    json_write_string(&writer, NULL, "bad \377 cut \303");
    json_write_string(&writer, NULL, NULL);
    json_write_number(&writer, NULL, 0.1 + 0.2);
    json_write_number(&writer, NULL, (double)NAN);
    json_write_number(&writer, NULL, -(double)INFINITY);
    json_write_boolean(&writer, NULL, true);
    json_write_end(&writer);
    expect_stream(writer.stream,
                  "[\"q\\\" b\\\\ n\\n t\\t e\\u001b d\\u007f \303\274\", "
                  "\"bad \357\277\275 cut \357\277\275\", null, 0.30000000000000004, null, null, "
                  "true]\n");
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t code;
        size_t length;
    } cases[] = {{"a", 'a', 1},
                 {"\303\274", 0xFC, 2},
                 {"\342\202\254", 0x20AC, 3},
                 {"\360\237\230\200", 0x1F600, 4},
                 {"\300\257", UTF8_REPLACEMENT, 1},     /* overlong slash */
                 {"\340\200\257", UTF8_REPLACEMENT, 1}, /* overlong in three bytes */
                 {"\355\240\200", UTF8_REPLACEMENT, 1}, /* a surrogate */
                 {"\364\220\200\200", UTF8_REPLACEMENT, 1},
                 {"\200", UTF8_REPLACEMENT, 1},
                 {"\342\202", UTF8_REPLACEMENT, 1}}; /* cut off: must not read behind the end */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = cases[i].bytes;
        assert_int_equal(utf8_next(&at), cases[i].code);
        assert_int_equal(at - cases[i].bytes, cases[i].length);
    }
    assert_int_equal(utf8_width("M\303\274nchen"), 7);
    assert_int_equal(utf8_width("\346\235\261\344\272\254"), 4); /* Tokyo, in two wide characters */
    assert_int_equal(utf8_width("e\314\201"), 1);                /* e with a combining accent */
    for (uint32_t code = 1; code <= 0x10FFFF; code += 7) {
        char bytes[5] = {0};
        if (code >= 0xD800 && code <= 0xDFFF) {
            continue;
        }
        const size_t length = utf8_write(code, bytes);
        const char *at = bytes;
        assert_int_equal(utf8_next(&at), code);
        assert_int_equal(at - bytes, length);
    }
}

static void test_table_columns(void **state)
{
    (void)state;
    struct text_table table;
    FILE *stream = stream_open();
    text_table_init(&table);
    text_table_left(&table, 1);
    static const char *const cells[] = {"name",
                                        "kind",
                                        "p50",
                                        "M\303\274nchen",
                                        "reads",
                                        "1.5",
                                        "\033[31mx",
                                        "",
                                        "100 \302\2612",
                                        "a-name-that-is-much-too-long-for-a-table-of-results",
                                        "w",
                                        ""};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        text_table_cell(&table, cells[i]);
        if (i % 3 == 2) {
            text_table_row(&table);
        }
    }
    text_table_print(&table, stream, false);
    text_table_release(&table);
    expect_stream(stream, "  name                                kind      p50\n"
                          "  M\303\274nchen                             reads     1.5\n"
                          "  \357\277\275[31mx                                     100 \302\2612\n"
                          "  a-name-that-is-m\342\200\246-table-of-results  w\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_cells),   cmocka_unit_test(test_csv_formulas),
        cmocka_unit_test(test_json_layout), cmocka_unit_test(test_json_values),
        cmocka_unit_test(test_utf8),        cmocka_unit_test(test_table_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
