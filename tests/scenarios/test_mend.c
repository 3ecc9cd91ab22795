/*
 * test_mend.c - errors in how values go together are reported beside errors in single values, and
 * nothing is reported that only a guess would have made wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/load.h"
#include "sim/arena.h"

#include <stdio.h>
#include <string.h>

/* A scenario without an error; %s are put where the cases put theirs. */
static const char form[] =
    "{\"name\": \"case\", \"duration\": \"%s\", \"regions\": [\"us-east-1\", \"eu-west-1\"],\n"
    " \"datasets\": {\"values\": {\"keys\": {\"count\": 10}, \"value\": {\"type\": \"%s\"},\n"
    "   \"replication\": {\"strategy\": \"%s\"}}},\n"
    " \"clients\": [{\"at\": \"us-east-1\", %s},\n"
    "   {\"at\": \"%s\", \"rate\": \"5/s\"}]%s}";

struct parts {
    const char *duration, *type, *strategy, *load, *at, *more;
};

static const struct parts sound = {"10s",         "register",  "multi_primary",
                                   "\"rate\": 5", "eu-west-1", ""};

/* The paths at fault, one after the other, in the order of the text. */
static void paths_of(struct parts parts, char *out, size_t bytes)
{
    char text[2048];
    const int length = snprintf(text, sizeof text, form, parts.duration, parts.type, parts.strategy,
                                parts.load, parts.at, parts.more);
    const struct load_options options = {
        .file_name = "case.json", .text = text, .length = (size_t)length};
    struct arena arena;
    struct diags diags;
    arena_init(&arena);
    diags_init(&diags, &arena);
    const struct scenario *scenario = scenario_load(&options, &arena, &diags, NULL);
    assert_true((scenario == NULL) == (diags.total > 0));
    struct text sorted = {0};
    diags_put_lines(&diags, &sorted);
    out[0] = '\0';
    for (const char *line = text_string(&sorted); line != NULL && *line != '\0';) {
        const char *path = strchr(line, ' '), *end = strchr(line, '\n');
        assert_non_null(path);
        const int path_length = (int)(strstr(path + 1, ": ") - path - 1);
        const size_t used = strlen(out);
        snprintf(out + used, bytes - used, "%.*s ", path_length, path + 1);
        line = end != NULL ? end + 1 : NULL;
    }
    text_release(&sorted);
    arena_release(&arena);
}

static void assert_paths(struct parts parts, const char *expected)
{
    char paths[1024];
    paths_of(parts, paths, sizeof paths);
    assert_string_equal(paths, expected);
}

static void test_without_an_error_nothing_is_said(void **state)
{
    (void)state;
    assert_paths(sound, "");
}

/* "nowhere" breaks a rule over several values; the other errors are in single ones. */
static void test_both_kinds_at_once(void **state)
{
    (void)state;
    struct parts parts = sound;
    parts.at = "nowhere";
    assert_paths(parts, "clients[1].at ");
    parts.strategy = "multi_primry"; /* a word with a neighbour */
    assert_paths(parts, "datasets.values.replication.strategy clients[1].at ");
    parts.load = "\"rate\": 5, \"sesions\": 3"; /* a key with one */
    assert_paths(parts, "datasets.values.replication.strategy clients[0].sesions clients[1].at ");
    parts = sound;
    parts.at = "nowhere";
    parts.load = "\"rate\": \"5 apples\""; /* a value that is left out */
    assert_paths(parts, "clients[0].rate clients[1].at ");
    parts.load = "\"rate\": 5";
    parts.more = ", \"faults\": [{\"at\": \"1s\"}]"; /* an item that is left out with its list */
    assert_paths(parts, "clients[1].at faults[0] ");
    parts.more = ", \"qqqqqqqq\": 1"; /* a key that means nothing */
    assert_paths(parts, "clients[1].at qqqqqqqq ");
}

/* What only follows from an error, or from a guess, is not said. */
static void test_what_follows_from_an_error_is_not_said(void **state)
{
    (void)state;
    struct parts parts = sound;
    parts.at = "nowhere";
    parts.duration = "10 apples"; /* others hang on it, and nothing tells what was meant */
    assert_paths(parts, "duration ");
    parts.duration = "10s";
    parts.strategy = "qqqqqqqq";
    assert_paths(parts, "datasets.values.replication.strategy ");
    parts = sound;
    parts.load = "\"rate\": \"5 apples\""; /* without it the client has no load: not worth a word */
    assert_paths(parts, "clients[0].rate ");
    parts.load = "\"rate\": 5, \"probe\": {\"every\": \"x\"}";
    assert_paths(parts, "clients[0].probe.every ");
}

/* The guess is judged as if it had been written: a set can not be incremented. */
static void test_a_neighbour_is_judged(void **state)
{
    (void)state;
    struct parts parts = sound;
    parts.type = "or_set";
    parts.load = "\"rate\": 5, \"mix\": {\"read\": 0.5, \"increment\": 0.5}";
    assert_paths(parts, "clients[0].mix.increment ");
    parts.type = "or_sett";
    assert_paths(parts, "datasets.values.value.type clients[0].mix.increment ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_an_error_nothing_is_said),
        cmocka_unit_test(test_both_kinds_at_once),
        cmocka_unit_test(test_what_follows_from_an_error_is_not_said),
        cmocka_unit_test(test_a_neighbour_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
