#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/diag.h"
#include "sim/arena.h"

#include <stdlib.h>
#include <string.h>

static const char file_text[] = "first\nz\xc3\xbc"
                                "rich = \tx\n";
static const struct source file = {.name = "f.json", .text = file_text, .length = 19};

struct bench {
    struct arena arena;
    struct diags diags;
    struct text out;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        return -1;
    }
    arena_init(&bench->arena);
    diags_init(&bench->diags, &bench->arena);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    text_release(&bench->out);
    arena_release(&bench->arena);
    free(bench);
    return 0;
}

static void columns_count_characters(void **state)
{
    (void)state;
    const struct position start = place_position((struct place){&file, 0});
    assert_int_equal(start.line, 1);
    assert_int_equal(start.column, 1);
    const struct position equals = place_position((struct place){&file, 14});
    assert_int_equal(equals.line, 2);
    assert_int_equal(equals.column, 8); /* nine bytes, the umlaut is two */
    const struct position end = place_position((struct place){&file, 18});
    assert_int_equal(end.line, 2);
}

static void text_shows_line_and_caret(void **state)
{
    struct bench *bench = *state;
    struct diag *diag =
        diags_add(&bench->diags, (struct place){&file, 14}, "some-code", "must be %d", 5);
    diag->path = "a.b";
    diag->suggestion = "c";
    diags_put_text(&bench->diags, &bench->out);
    assert_string_equal(bench->out.bytes, "f.json:2:8: a.b: must be 5 (did you mean \"c\"?)\n"
                                          "    z\xc3\xbcrich =  x\n"
                                          "           ^\n");
}

static void the_first_character_has_its_line(void **state)
{
    struct bench *bench = *state;
    diags_add(&bench->diags, (struct place){&file, 0}, "c", "m");
    diags_put_text(&bench->diags, &bench->out);
    assert_string_equal(bench->out.bytes, "f.json:1:1: m\n    first\n    ^\n");
}

static void positions_in_order_are_the_same(void **state)
{
    (void)state;
    struct place mark = {&file, 0};
    struct position at_mark = place_position(mark);
    for (size_t offset = 0; offset <= file.length; offset++) {
        const struct place place = {&file, offset};
        const struct position direct = place_position(place);
        const struct position stepped = place_position_after(place, mark, at_mark);
        assert_int_equal(direct.line, stepped.line);
        assert_int_equal(direct.column, stepped.column);
        assert_int_equal(direct.line_start, stepped.line_start);
        assert_int_equal(direct.line_length, stepped.line_length);
        mark = place;
        at_mark = stepped;
    }
}

static void json_has_every_field(void **state)
{
    struct bench *bench = *state;
    const struct source option = {.name = "--set a=\"", .text = "a=\"", .length = 3, .whole = true};
    struct diag *diag =
        diags_add(&bench->diags, (struct place){&file, 6}, "some-code", "needs \"%s\"\n", "x");
    diag->path = "a[\"b\"]";
    diag->suggestion = "c";
    diags_add(&bench->diags, (struct place){&option, 0}, "other", "no");
    bench->diags.items[1].sequence = 0; /* order is by source, then place: --set is order 0 too */
    diags_put_json(&bench->diags, &bench->out);
    assert_string_equal(
        bench->out.bytes,
        "[\n  {\"severity\": \"error\", \"file\": \"--set a=\\\"\", \"path\": \"\", \"code\": "
        "\"other\", \"message\": \"no\"},\n  {\"severity\": \"error\", \"file\": \"f.json\", "
        "\"line\": 2, \"column\": 1, \"path\": \"a[\\\"b\\\"]\", \"code\": \"some-code\", "
        "\"message\": \"needs \\\"x\\\"\\n\", \"suggestion\": \"c\"}\n]\n");
}

static void order_is_by_place(void **state)
{
    struct bench *bench = *state;
    diags_add(&bench->diags, (struct place){&file, 9}, "c", "third");
    diags_add(&bench->diags, (struct place){&file, 2}, "c", "first");
    diags_add(&bench->diags, (struct place){&file, 9}, "c", "fourth");
    diags_add(&bench->diags, (struct place){&file, 6}, "c", "second");
    diags_put_lines(&bench->diags, &bench->out);
    assert_string_equal(bench->out.bytes, "f.json:1:3: first\nf.json:2:1: second\n"
                                          "f.json:2:3: third\nf.json:2:3: fourth\n");
}

static void surplus_is_counted(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < DIAGS_MAX; i++) {
        diags_add(&bench->diags, (struct place){&file, 0}, "c", "m");
    }
    diags_put_lines(&bench->diags, &bench->out);
    assert_null(strstr(bench->out.bytes, "and "));
    diags_add(&bench->diags, (struct place){&file, 0}, "c", "m")->path = "p";
    diags_put_lines(&bench->diags, &bench->out);
    assert_non_null(strstr(bench->out.bytes, "and 1 more error\n"));
    diags_add(&bench->diags, (struct place){&file, 0}, "c", "m");
    diags_put_lines(&bench->diags, &bench->out);
    assert_non_null(strstr(bench->out.bytes, "and 2 more errors\n"));
}

static void long_lines_are_cut(void **state)
{
    struct bench *bench = *state;
    char *line = arena_alloc(&bench->arena, 5001, 1);
    memset(line, 'x', 5000);
    line[3000] = '\x1b'; /* an escape sequence must not reach a terminal */
    const struct source source = {.name = "long", .text = line, .length = 5000};
    diags_add(&bench->diags, (struct place){&source, 3001}, "c", "m");
    diags_put_text(&bench->diags, &bench->out);
    assert_true(bench->out.length < 400);
    assert_null(strchr(bench->out.bytes, '\x1b'));
    const char *caret = strchr(bench->out.bytes, '^');
    assert_non_null(caret);
    const char *shown = strchr(bench->out.bytes, '?');
    assert_non_null(shown);
    const char *second = strchr(bench->out.bytes, '\n') + 1;
    const char *third = strchr(second, '\n') + 1;
    assert_int_equal(caret - third, shown - second + 1); /* right behind the escape */
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("", "abc"), 3);
    assert_int_equal(nearest_distance("abc", "abc"), 0);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(nearest_distance("quorm", "quorum"), 1);
    assert_int_equal(nearest_distance("replcias", "replicas"), 1); /* a swap is one */
    assert_int_equal(nearest_distance("ca", "abc"), 3);
}

static void nearest_words(void **state)
{
    (void)state;
    struct nearest nearest = nearest_to("replcias");
    nearest_try(&nearest, "regions");
    nearest_try(&nearest, "replicas");
    assert_string_equal(nearest.best, "replicas");
    nearest = nearest_to("cat"); /* a tie: the first */
    nearest_try(&nearest, "car");
    nearest_try(&nearest, "bat");
    assert_string_equal(nearest.best, "car");
    nearest = nearest_to("quorum"); /* at most 2 edits for 6 characters */
    nearest_try(&nearest, "platform");
    assert_null(nearest.best);
    nearest_try(&nearest, "forum");
    assert_string_equal(nearest.best, "forum");
    nearest = nearest_to("x"); /* nothing in common */
    nearest_try(&nearest, "y");
    assert_null(nearest.best);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test_setup_teardown(text_shows_line_and_caret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_character_has_its_line, set_up, tear_down),
        cmocka_unit_test(positions_in_order_are_the_same),
        cmocka_unit_test_setup_teardown(json_has_every_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(order_is_by_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(surplus_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_lines_are_cut, set_up, tear_down),
        cmocka_unit_test(distances),
        cmocka_unit_test(nearest_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
