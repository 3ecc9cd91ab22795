/*
 * test_load.c - every scenario that ships, in every variant: it loads, its expanded form reads back
 * as the same, and rules over several keys are reported where they belong.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/load.h"
#include "scenarios/writer.h"
#include "sim/arena.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef GEODES_SOURCE_DIR
#define GEODES_SOURCE_DIR "."
#endif

enum { PATH_BYTES = 512, FILE_BYTES_MAX = 1 << 22 };

static char *read_all(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *bytes = calloc(1, FILE_BYTES_MAX);
    assert_non_null(bytes);
    *length = fread(bytes, 1, FILE_BYTES_MAX - 1, file);
    fclose(file);
    return bytes;
}

/* Files that a scenario names stand beside it. */
static const char *read_beside(void *context, const char *name, struct arena *arena, size_t *length,
                               const char **problem)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    char *bytes = read_all(path, length);
    if (bytes == NULL) {
        *problem = "not found";
        return NULL;
    }
    const char *copy = arena_text(arena, bytes, *length);
    free(bytes);
    return copy;
}

struct load {
    struct arena arena;
    struct diags diags;
    struct loaded loaded;
    const struct scenario *scenario;
};

static void open_load(struct load *load, const struct load_options *options)
{
    memset(load, 0, sizeof *load);
    arena_init(&load->arena);
    diags_init(&load->diags, &load->arena);
    load->scenario = scenario_load(options, &load->arena, &load->diags, &load->loaded);
    assert_true((load->scenario == NULL) == (load->diags.total > 0));
}

static void fail_with_messages(struct load *load, const char *what)
{
    struct text text = {0};
    diags_put_text(&load->diags, &text);
    fail_msg("%s:\n%s", what, text_string(&text));
}

static void write_out(const struct load *load, struct text *text, char digest[SHA256_TEXT_MAX])
{
    const struct writer writer = {.regions = &load->loaded.reader.regions,
                                  .places = &load->loaded.reader.places,
                                  .datasets = &load->loaded.reader.datasets};
    writer_put(&writer, scenario_table, load->scenario, text);
    writer_digest(&writer, scenario_table, load->scenario, digest);
}

static void check_variant(const struct load_options *options)
{
    struct load *first = malloc(sizeof *first);
    struct load *second = malloc(sizeof *second);
    assert_non_null(first);
    assert_non_null(second);
    struct text once = {0};
    struct text twice = {0};
    char digest[SHA256_TEXT_MAX];
    char digest_again[SHA256_TEXT_MAX];
    open_load(first, options);
    if (first->scenario == NULL) {
        fail_with_messages(first, options->file_name);
    }
    write_out(first, &once, digest);
    const struct load_options again = {.file_name = "expanded",
                                       .text = text_string(&once),
                                       .length = once.length,
                                       .files = options->files};
    open_load(second, &again);
    if (second->scenario == NULL) {
        fail_with_messages(second, options->file_name);
    }
    write_out(second, &twice, digest_again);
    assert_string_equal(text_string(&once), text_string(&twice));
    assert_string_equal(digest, digest_again);
    text_release(&once);
    text_release(&twice);
    arena_release(&first->arena);
    arena_release(&second->arena);
    free(first);
    free(second);
}

static void check_file(char *folder, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const struct file_reader files = {read_beside, folder};
    struct load_options options = {.file_name = path, .files = &files};
    char *text = read_all(path, &options.length);
    assert_non_null(text);
    options.text = text;
    struct load *plain = malloc(sizeof *plain);
    assert_non_null(plain);
    open_load(plain, &options);
    if (plain->scenario == NULL) {
        fail_with_messages(plain, path);
    }
    check_variant(&options);
    for (size_t i = 0; i < plain->loaded.variant_count; i++) {
        options.variant = plain->loaded.variants[i];
        check_variant(&options);
    }
    arena_release(&plain->arena);
    free(plain);
    free(text);
}

static int check_folder(char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;
    if (directory == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        const char *dot = strchr(entry->d_name, '.');
        if (dot != NULL && dot != entry->d_name && strcmp(dot, ".json") == 0) {
            check_file(folder, entry->d_name);
            count++;
        }
    }
    closedir(directory);
    return count;
}

static void scenarios_that_ship_load_in_every_variant(void **state)
{
    (void)state;
    char folder[] = GEODES_SOURCE_DIR "/scenarios";
    char pbs[] = GEODES_SOURCE_DIR "/scenarios/pbs";
    const int count = check_folder(folder) + check_folder(pbs);
    print_message("%d scenarios\n", count);
    assert_true(count >= 4);
}

/* What is written out has the zeros that were given, and none that were not. */
static void zeros_that_were_given_are_written_out(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\": \"n\", \"duration\": \"10s\",\n"
        " \"regions\": [{\"name\": \"null\", \"lat\": 0, \"lon\": 0}, \"us-east-1\"],\n"
        " \"datasets\": {\"d\": {\"replication\": {\"strategy\": \"primary\", \"primary\": "
        "\"null\"}}},\n"
        " \"clients\": [{\"at\": \"us-east-1\", \"rate\": \"1/s\"}]}";
    const struct load_options options = {.file_name = "t", .text = text, .length = sizeof text - 1};
    check_variant(&options);
}

static void rules_over_several_keys_have_a_place(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\": \"n\", \"duration\": \"10s\",\n"
        " \"warmup\": \"20s\",\n"
        " \"regions\": [\"us-east-1\"],\n"
        " \"datasets\": {\"d\": {\"replication\": {\"strategy\": \"primary\", \"primary\": "
        "\"us-east-1\"}}},\n"
        " \"clients\": [{\"at\": \"us-east-1\", \"rate\": \"1/s\"}]}";
    struct load *load = malloc(sizeof *load);
    assert_non_null(load);
    const struct load_options options = {.file_name = "t", .text = text, .length = sizeof text - 1};
    open_load(load, &options);
    assert_null(load->scenario);
    struct text lines = {0};
    diags_put_lines(&load->diags, &lines);
    if (strstr(text_string(&lines), "t:2:12: warmup: ") == NULL) {
        fail_msg("%s", text_string(&lines));
    }
    text_release(&lines);
    arena_release(&load->arena);
    free(load);
}

static const char *read_matrix(void *context, const char *name, struct arena *arena, size_t *length,
                               const char **problem)
{
    static const char text[] = "region,a,b\na,0,3\nb,3,0\na,0,5\n";
    (void)context;
    (void)name;
    (void)problem;
    *length = sizeof text - 1;
    return arena_text(arena, text, sizeof text - 1);
}

/* What single rows can not bound: sizes of messages, and which of two rows of a matrix counts. */
static void limits_over_several_keys_are_errors(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "t:5:27: datasets.d.value_bytes: must be at most 1GB on average",
        "clients[0].mix.scan_keys: values of one scan must be at most 1GB together on average",
        "network.latency.file: m.csv:4: has the row \"a\" twice",
        "clients[0].at: \"us-east-1\" is in the catalogue; give it both lat and lon, or neither"};
    static const char text[] =
        "{\"name\": \"n\", \"duration\": \"10s\",\n"
        " \"regions\": [{\"name\": \"a\", \"lat\": 1, \"lon\": 2}, {\"name\": \"b\", \"lat\": 3, "
        "\"lon\": 4}],\n"
        " \"network\": {\"latency\": {\"from\": \"matrix\", \"file\": \"m.csv\", \"unit\": "
        "\"rtt_ms\"}},\n"
        " \"datasets\": {\"d\":\n"
        "          {\"value_bytes\": \"2GB\",\n"
        "           \"replication\": {\"strategy\": \"primary\", \"primary\": \"a\"}}},\n"
        " \"clients\": [{\"at\": {\"name\": \"us-east-1\", \"lat\": 5}, \"rate\": \"1/s\", "
        "\"mix\": "
        "{\"scan\": 1}}]}";
    struct load *load = malloc(sizeof *load);
    assert_non_null(load);
    const struct file_reader files = {read_matrix, NULL};
    const struct load_options options = {
        .file_name = "t", .text = text, .length = sizeof text - 1, .files = &files};
    open_load(load, &options);
    assert_null(load->scenario);
    struct text lines = {0};
    diags_put_lines(&load->diags, &lines);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        if (strstr(text_string(&lines), expected[i]) == NULL) {
            fail_msg("not there: %s\n%s", expected[i], text_string(&lines));
        }
    }
    text_release(&lines);
    arena_release(&load->arena);
    free(load);
}

struct matrix_case {
    const char *csv, *note; /* NULL: none */
};

static const char *read_case(void *context, const char *name, struct arena *arena, size_t *length,
                             const char **problem)
{
    const struct matrix_case *one = context;
    (void)name;
    (void)problem;
    *length = strlen(one->csv);
    return arena_text(arena, one->csv, *length);
}

/* A larger matrix is welcome, and so are places without a row; both at once looks like a slip. */
static void misspelt_names_of_a_matrix_are_noted(void **state)
{
    (void)state;
    static const struct matrix_case cases[] = {
        {"region,alpha,beta\nalpha,0,3\nbeta,3,0\n", NULL},
        {"region,alpha,beta,gamma\nalpha,0,3,4\nbeta,3,0,5\ngamma,4,5,0\n", NULL},
        {"region,alpha\nalpha,0\n", NULL},
        {"region,alpha,btea\nalpha,0,3\nbtea,3,0\n", "m.csv:3: has no row \"beta\", so that delays "
                                                     "are estimated (did you mean it where it says "
                                                     "\"btea\"?)"},
        {"region,alpha,btea\nalpha,0,3\nbeta,3,0\n",
         "m.csv:1: has no column \"beta\", so that delays are estimated (did you mean it where it "
         "says \"btea\"?)"},
        {"region,alpha,moon\nalpha,0,3\nmoon,3,0\n", "m.csv:1: has no row \"beta\", so that delays "
                                                     "are estimated, but others that are no places "
                                                     "of the scenario, such as \"moon\""}};
    static const char text[] =
        "{\"name\": \"n\", \"duration\": \"10s\",\n"
        " \"regions\": [{\"name\": \"alpha\", \"lat\": 1, \"lon\": 2}],\n"
        " \"network\": {\"latency\": {\"from\": \"matrix\", \"file\": \"m.csv\", \"unit\": "
        "\"rtt_ms\"}},\n"
        " \"datasets\": {\"d\": {\"replication\": {\"strategy\": \"primary\", \"primary\": "
        "\"alpha\"}}},\n"
        " \"clients\": [{\"at\": {\"name\": \"beta\", \"lat\": 3, \"lon\": 4}, \"rate\": "
        "\"1/s\"}]}";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct load *load = malloc(sizeof *load);
        struct matrix_case one = cases[i];
        assert_non_null(load);
        const struct file_reader files = {read_case, &one};
        const struct load_options options = {
            .file_name = "t", .text = text, .length = sizeof text - 1, .files = &files};
        open_load(load, &options);
        if (load->scenario == NULL) {
            fail_with_messages(load, "matrix");
        }
        const struct param_list *notes = &load->scenario->notes;
        assert_int_equal(notes->count, one.note != NULL);
        if (one.note != NULL) {
            assert_string_equal(*(const char *const *)notes->items, one.note);
        }
        arena_release(&load->arena);
        free(load);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenarios_that_ship_load_in_every_variant),
        cmocka_unit_test(zeros_that_were_given_are_written_out),
        cmocka_unit_test(rules_over_several_keys_have_a_place),
        cmocka_unit_test(limits_over_several_keys_are_errors),
        cmocka_unit_test(misspelt_names_of_a_matrix_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
