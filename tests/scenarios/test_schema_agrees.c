/*
 * test_schema_agrees.c - the generated JSON Schema accepts and refuses what the reader does, judged
 * by an independent validator (python3-jsonschema, see schema_agrees.py) on the scenarios that
 * ship, on the fixture, and on thousands of small mistakes in them. Skipped without the validator.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/scenario.h"
#include "scenarios/load_table.h"
#include "scenarios/schema.h"
#include "tests/scenarios/fixture.h"
#include "tests/scenarios/mutation.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef GEODES_SOURCE_DIR
#define GEODES_SOURCE_DIR "."
#endif

enum { CASES_OF_A_FILE = 1000, PATH_BYTES = 512, NO_VALIDATOR = 77 };

struct judged {
    const struct param_spec *table;
    size_t struct_bytes;
    FILE *cases;
};

/* A range that only text with a unit has broken is not in the schema. */
static const char *code_of(const struct diag *diag)
{
    const char *at = diag->place.source->text + diag->place.offset;
    return strcmp(diag->code, "range") == 0 && *at == '"' ? "range-of-text" : diag->code;
}

static void judge(const struct judged *judged, const char *document)
{
    struct arena arena;
    arena_init(&arena);
    struct diags *diags = arena_alloc(&arena, 1, sizeof *diags);
    diags_init(diags, &arena);
    struct loaded loaded;
    const struct load_options options = {
        .file_name = "t", .text = document, .length = strlen(document), .files = &fixture_files};
    void *out = arena_alloc(&arena, 1, judged->struct_bytes);
    const bool ok = load_table(&options, judged->table, out, &loaded, diags);
    struct text line = {0};
    text_put(&line, "{\"text\": ");
    text_put_json(&line, document);
    text_format(&line, ", \"ok\": %s, \"codes\": [", ok ? "true" : "false");
    for (size_t i = 0; i < diags->count; i++) {
        text_put(&line, i > 0 ? ", " : "");
        text_put_json(&line, code_of(&diags->items[i]));
    }
    text_put(&line, "]}\n");
    fputs(text_string(&line), judged->cases);
    text_release(&line);
    arena_release(&arena);
}

static void judge_mutations(const struct judged *judged, const char *document)
{
    struct arena arena;
    arena_init(&arena);
    struct diags *diags = arena_alloc(&arena, 1, sizeof *diags);
    diags_init(diags, &arena);
    const struct source source = {.name = "t", .text = document, .length = strlen(document)};
    const struct json_value *root = json_parse(&source, &arena, diags);
    assert_non_null(root);
    judge(judged, document);
    const size_t count = mutation_count(root);
    const size_t step = count / CASES_OF_A_FILE + 1;
    for (size_t i = 0; i < count; i += step) {
        struct arena scratch;
        arena_init(&scratch);
        struct text text = {0};
        mutation_put(mutation_make(root, i, &scratch), &text);
        judge(judged, text_string(&text));
        text_release(&text);
        arena_release(&scratch);
    }
    arena_release(&arena);
}

static void open_judged(struct judged *judged, const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct text schema = {0};
    schema_put(judged->table, name, &schema);
    snprintf(path, sizeof path, "%s/%s.schema.json", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text_string(&schema), file);
    fclose(file);
    text_release(&schema);
    snprintf(path, sizeof path, "%s/%s.cases", folder, name);
    judged->cases = fopen(path, "wb");
    assert_non_null(judged->cases);
}

static void judge_file(const struct judged *judged, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    judge_mutations(judged, text);
    free(text);
}

static void judge_library(const struct judged *judged)
{
    const char *folder = GEODES_SOURCE_DIR "/scenarios";
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        const char *dot = strchr(entry->d_name, '.');
        if (dot != NULL && dot != entry->d_name && strcmp(dot, ".json") == 0) {
            char path[PATH_BYTES];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            judge_file(judged, path);
        }
    }
    closedir(directory);
}

static void remove_files(const char *folder)
{
    static const char *const names[] = {"fixture.schema.json", "fixture.cases",
                                        "scenario.schema.json", "scenario.cases"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

static void schema_and_reader_agree(void **state)
{
    (void)state;
    char folder[] = "/tmp/geodes-schema-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct judged fixture = {fixture_table, sizeof(struct fixture), NULL};
    open_judged(&fixture, folder, "fixture");
    judge_mutations(&fixture, fixture_full);
    judge_mutations(&fixture, fixture_least);
    fclose(fixture.cases);
    struct judged scenario = {scenario_table, sizeof(struct scenario), NULL};
    open_judged(&scenario, folder, "scenario");
    judge_library(&scenario);
    fclose(scenario.cases);
    char command[2 * PATH_BYTES];
    snprintf(command, sizeof command,
             "/usr/bin/python3 " GEODES_SOURCE_DIR "/tests/scenarios/schema_agrees.py %s", folder);
    fflush(stdout);
    const int status = system(command);
    remove_files(folder);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_VALIDATOR) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(schema_and_reader_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
