/*
 * test_json.c - what is JSON and what is not (RFC 8259), the limits at their edge, and places.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/json.h"
#include "sim/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct arena arena;
    struct diags diags;
    struct source source;
    const struct json_value *root;
};

static void open_bytes(struct bench *bench, const char *bytes, size_t length)
{
    arena_init(&bench->arena);
    diags_init(&bench->diags, &bench->arena);
    bench->source = (struct source){
        .name = "t", .text = arena_text(&bench->arena, bytes, length), .length = length};
    bench->root = json_parse(&bench->source, &bench->arena, &bench->diags);
    assert_true((bench->root == NULL) == (bench->diags.total > 0));
}

static void open_text(struct bench *bench, const char *text)
{
    open_bytes(bench, text, strlen(text));
}

static void close_bench(struct bench *bench)
{
    arena_release(&bench->arena);
}

static void check(const char *bytes, size_t length, bool accepted)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    open_bytes(bench, bytes, length);
    if ((bench->root != NULL) != accepted) {
        fail_msg("%.*s: %s", (int)length, bytes, accepted ? "refused" : "accepted");
    }
    close_bench(bench);
    free(bench);
}

static const char *const accepted_texts[] = {"{}",
                                             "[]",
                                             "null",
                                             "true",
                                             "false",
                                             "0",
                                             "-0",
                                             "1.5e+10",
                                             "1E-2",
                                             "\"\"",
                                             " [ ] ",
                                             "\t\r\n{\"a\"\n:\t[1,2 , {} ]}\n",
                                             "[[[[]]]]",
                                             "\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                             "\"\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbf\"",
                                             "[1e308, 1e-400]",
                                             "{\"\":0}",
                                             "\"\x7f\"",
                                             "[true,false,null]",
                                             "{\"a\":{\"a\":{\"a\":1}}}",
                                             "-1",
                                             "123456789012345678901234567890",
                                             "\"\\u007f\\uffff\\uABCD\\uabcd\""};

static void json_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted_texts / sizeof accepted_texts[0]; i++) {
        check(accepted_texts[i], strlen(accepted_texts[i]), true);
    }
}

static const char *const refused_texts[] = {"",
                                            " ",
                                            "{",
                                            "}",
                                            "[",
                                            "]",
                                            "[1",
                                            "[1,",
                                            "[,1]",
                                            "[1,]",
                                            "[1,,2]",
                                            "{,}",
                                            "{\"a\"}",
                                            "{\"a\":}",
                                            "{\"a\":1,}",
                                            "{\"a\":1 \"b\":2}",
                                            "{a:1}",
                                            "{'a':1}",
                                            "{1:1}",
                                            "{\"a\":1}}",
                                            "[1]]",
                                            "[}",
                                            "{]",
                                            "[1}",
                                            "01",
                                            "-01",
                                            "00",
                                            "1.",
                                            ".5",
                                            "-.5",
                                            "+1",
                                            "-",
                                            "1e",
                                            "1e+",
                                            "1.e1",
                                            "2.e3",
                                            "0x10",
                                            "1_000",
                                            "1,5",
                                            "Infinity",
                                            "-Infinity",
                                            "NaN",
                                            "nan",
                                            "nul",
                                            "nulll",
                                            "True",
                                            "tru",
                                            "truex",
                                            "\"",
                                            "\"abc",
                                            "\"\\\"",
                                            "\"\\x41\"",
                                            "\"\\u12\"",
                                            "\"\\u\"",
                                            "\"\\u00g0\"",
                                            "\"\\u0000\"",
                                            "\"\\ud800\"",
                                            "\"\\ud800\\u0041\"",
                                            "\"\\udc00\"",
                                            "\"\\ud800\\ud800\"",
                                            "\"\n\"",
                                            "\"\t\"",
                                            "\"\x01\"",
                                            "\"\x1f\"",
                                            "'a'",
                                            "\xef\xbb\xbf{}",
                                            "\xfe\xff",
                                            "\f[]",
                                            "\v1",
                                            "\xa0[]",
                                            "\xc2\xa0[]",
                                            "[1]\x01",
                                            "/**/1",
                                            "1//",
                                            "#1",
                                            "{}{}",
                                            "1 2",
                                            "\"a\" \"b\"",
                                            "[1:2]",
                                            "{\"a\",1}",
                                            "{\"a\":1:2}",
                                            "*",
                                            "1e999",
                                            "-1e400",
                                            "{\"a\":1,\"a\":2}",
                                            "{\"a\":1,\"\\u0061\":2}",
                                            "\"\x80\"",
                                            "\"\xc0\x80\"",
                                            "\"\xc3\"",
                                            "\"\xe2\x82\"",
                                            "\"\xed\xa0\x80\"",
                                            "\"\xf4\x90\x80\x80\"",
                                            "\"\xf8\x88\x80\x80\x80\"",
                                            "\"\xff\"",
                                            "[\"a\",\n\"b\",\n",
                                            "\"\\",
                                            "\"\\u12"};

static void other_texts_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused_texts / sizeof refused_texts[0]; i++) {
        check(refused_texts[i], strlen(refused_texts[i]), false);
    }
    check("[1]\0", 4, false);
    check("\"a\0b\"", 5, false);
    check("\0", 1, false);
    check("{\"a\0\":1}", 8, false);
}

static void depth_limit(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 2];
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    check(text, 2 * JSON_DEPTH_MAX, true);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    check(text, 2 * JSON_DEPTH_MAX + 2, false);
}

static void string_limit(void **state)
{
    (void)state;
    char text[JSON_STRING_MAX + 8];
    memset(text, 'x', sizeof text);
    text[0] = '"';
    text[JSON_STRING_MAX + 1] = '"';
    check(text, JSON_STRING_MAX + 2, true);
    text[JSON_STRING_MAX + 1] = 'x';
    text[JSON_STRING_MAX + 2] = '"';
    check(text, JSON_STRING_MAX + 3, false);
    text[JSON_STRING_MAX + 2] = 'x';
    memcpy(text + 1, "\\u00e9", 6); /* six bytes that are two when decoded */
    text[JSON_STRING_MAX + 5] = '"';
    check(text, JSON_STRING_MAX + 6, true);
}

static void number_limit(void **state)
{
    (void)state;
    char text[JSON_NUMBER_MAX + 1];
    memset(text, '7', sizeof text);
    check(text, JSON_NUMBER_MAX, true);
    check(text, JSON_NUMBER_MAX + 1, false);
}

static void file_limit(void **state)
{
    (void)state;
    char *text = malloc(JSON_BYTES_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', JSON_BYTES_MAX + 1);
    text[0] = '1';
    check(text, JSON_BYTES_MAX, true);
    check(text, JSON_BYTES_MAX + 1, false);
    free(text);
}

static void node_limit(void **state)
{
    (void)state;
    const size_t items = JSON_NODES_MAX - 1; /* the list is a value as well */
    char *text = malloc(2 * items + 8);
    assert_non_null(text);
    for (size_t i = 0; i < items + 1; i++) {
        memcpy(text + 2 * i, ",1", 2);
    }
    text[0] = '[';
    text[2 * items] = ']';
    check(text, 2 * items + 1, true);
    text[2 * items] = ',';
    text[2 * items + 2] = ']';
    check(text, 2 * items + 3, false);
    free(text);
}

/* Objects with many keys must not take quadratic time; the test's own limit is its time-out. */
static void many_keys(void **state)
{
    (void)state;
    enum { KEYS = 200000 };
    char *text = malloc(KEYS * 16 + 16);
    assert_non_null(text);
    size_t length = 0;
    text[length++] = '{';
    for (int i = 0; i < KEYS; i++) {
        length += (size_t)snprintf(text + length, 20, "%s\"k%d\":1", i > 0 ? "," : "", i);
    }
    text[length] = '}';
    check(text, length + 1, true);
    length += (size_t)snprintf(text + length, 20, ",\"k7\":2}");
    check(text, length, false);
    free(text);
}

static void check_place(const struct json_value *value, size_t line, size_t column,
                        const char *path)
{
    struct arena arena;
    arena_init(&arena);
    const struct position position = place_position(value->place);
    if (position.line != line || position.column != column) {
        fail_msg("%s at %zu:%zu, expected %zu:%zu", path, position.line, position.column, line,
                 column);
    }
    assert_string_equal(json_path(value, NULL, &arena), path);
    arena_release(&arena);
}

static void every_value_has_its_place(void **state)
{
    (void)state;
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    open_text(bench, "{ \"a\" : [1, {\"b\":\"\xc3\xa9\\u00e9\"},\n   [], 2.50],\n"
                     "  \"\xc3\xa9\xc3\xa9\" : true, \"x.y\" : null}");
    const struct json_value *root = bench->root;
    assert_non_null(root);
    check_place(root, 1, 1, "");
    const struct json_value *a = json_member(root, "a");
    check_place(a, 1, 9, "a");
    assert_int_equal(a->count, 4);
    check_place(a->first, 1, 10, "a[0]");
    check_place(a->first->next, 1, 13, "a[1]");
    const struct json_value *b = json_member(a->first->next, "b");
    check_place(b, 1, 18, "a[1].b");
    assert_string_equal(b->text, "\xc3\xa9\xc3\xa9");
    check_place(a->first->next->next, 2, 4, "a[2]");
    check_place(a->last, 2, 8, "a[3]");
    assert_string_equal(a->last->text, "2.50");
    const struct json_value *accents = a->next;
    check_place(accents, 3, 10, "\xc3\xa9\xc3\xa9"); /* columns are characters */
    assert_true(accents->boolean);
    assert_int_equal(place_position(accents->key_place).column, 3);
    check_place(accents->next, 3, 24, "[\"x.y\"]");
    assert_int_equal(accents->next->type, JSON_NULL);
    assert_null(json_member(root, "A")); /* case matters */
    close_bench(bench);
    free(bench);
}

static void trees_can_be_changed(void **state)
{
    (void)state;
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    open_text(bench, "[1, 2, 3]");
    struct json_value *list = json_copy(&bench->arena, bench->root);
    json_remove(list, list->first->next);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->last->index, 1);
    assert_string_equal(list->last->text, "3");
    struct json_value *word = json_new_text(&bench->arena, list->place, "w");
    json_replace(list, list->last, word);
    assert_ptr_equal(list->last, word);
    assert_int_equal(word->index, 1);
    json_remove(list, word);
    json_remove(list, list->first);
    assert_null(list->first);
    assert_null(list->last);
    assert_int_equal(bench->root->count, 3);
    close_bench(bench);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_accepted),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(depth_limit),
        cmocka_unit_test(string_limit),
        cmocka_unit_test(number_limit),
        cmocka_unit_test(file_limit),
        cmocka_unit_test(node_limit),
        cmocka_unit_test(many_keys),
        cmocka_unit_test(every_value_has_its_place),
        cmocka_unit_test(trees_can_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
