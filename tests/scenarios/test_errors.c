/*
 * test_errors.c - every message of the reader, provoked by a small file in errors/.
 *
 * errors/NAME.json is read with the fixture's tables; NAME.set, when it exists, holds options, one
 * a line ("@name" is a variant, the rest --set); NAME.expect has the exact lines that must come
 * out. GEODES_UPDATE=1 in the environment rewrites the .expect files; look at the difference before
 * it is committed.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenarios/fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef GEODES_SOURCE_DIR
#define GEODES_SOURCE_DIR "."
#endif

enum { OPTIONS_MAX = 8, NAME_MAX_BYTES = 300, CASES_MIN = 60 };

static char *read_all(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *bytes = calloc(1, 1 << 20);
    assert_non_null(bytes);
    *length = fread(bytes, 1, (1 << 20) - 1, file);
    fclose(file);
    return bytes;
}

/* Cuts the lines of an option file. */
static void take_options(char *lines, struct load_options *options, const char **sets)
{
    options->overrides = sets;
    for (char *line = lines; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        if (line[0] == '@') {
            options->variant = line + 1;
        } else if (line[0] != '\0') {
            assert_true(options->override_count < OPTIONS_MAX);
            sets[options->override_count++] = line;
        }
        line = end != NULL ? end + 1 : NULL;
    }
}

static bool check_case(const char *folder, const char *name)
{
    char path[NAME_MAX_BYTES * 2];
    const char *sets[OPTIONS_MAX];
    struct load_options options = {.file_name = name, .files = &fixture_files};
    const int stem = (int)(strlen(name) - strlen(".json"));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_all(path, &options.length);
    assert_non_null(text);
    options.text = text;
    snprintf(path, sizeof path, "%s/%.*s.set", folder, stem, name);
    size_t length = 0;
    char *lines = read_all(path, &length);
    take_options(lines, &options, sets);
    struct fixture_load load;
    fixture_open_with(&load, &options);
    struct text got = fixture_messages(&load);
    snprintf(path, sizeof path, "%s/%.*s.expect", folder, stem, name);
    if (getenv("GEODES_UPDATE") != NULL) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(text_string(&got), file);
        fclose(file);
    }
    char *expected = read_all(path, &length);
    const bool same = expected != NULL && strcmp(expected, text_string(&got)) == 0 && !load.ok;
    if (!same) {
        print_error("%s: got\n%s--- expected\n%s", name, text_string(&got),
                    expected != NULL ? expected : "(no file)\n");
    }
    fixture_close(&load);
    text_release(&got);
    free(text);
    free(lines);
    free(expected);
    return same;
}

static void every_message_is_provoked(void **state)
{
    (void)state;
    const char *folder = GEODES_SOURCE_DIR "/tests/scenarios/errors";
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int cases = 0;
    int failures = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        const size_t length = strlen(entry->d_name);
        if (length > 5 && length < NAME_MAX_BYTES &&
            strcmp(entry->d_name + length - 5, ".json") == 0) {
            cases++;
            failures += check_case(folder, entry->d_name) ? 0 : 1;
        }
    }
    closedir(directory);
    print_message("%d error files\n", cases);
    assert_int_equal(failures, 0);
    assert_true(cases >= CASES_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_message_is_provoked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
