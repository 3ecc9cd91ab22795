#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */

#include "analysis/output_file.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/geodes-test-output-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[OUTPUT_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static unsigned entry_count(void)
{
    unsigned count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

static void expect_content(const char *name, const char *expected)
{
    char content[64] = "";
    FILE *stream = fopen(path_of(name), "r");
    assert_non_null(stream);
    const size_t length = fread(content, 1, sizeof content - 1, stream);
    content[length] = '\0';
    fclose(stream);
    assert_string_equal(content, expected);
}

static void test_commit_replaces_at_once(void **state)
{
    struct output_file file;
    struct output_error error;
    (void)state;
    assert_true(output_file_open_in(&file, folder, "a", &error));
    fputs("first", file.stream);
    assert_true(output_file_commit(&file, &error));
    assert_string_equal(error.text, "");
    expect_content("a", "first");

    assert_true(output_file_open(&file, path_of("a"), &error));
    fputs("second", file.stream);
    fflush(file.stream);
    expect_content("a", "first"); /* nobody sees a half-written file */
    assert_true(output_file_commit(&file, &error));
    expect_content("a", "second");
    output_file_abandon(&file); /* allowed after commit */
    expect_content("a", "second");
    assert_int_equal(entry_count(), 1);
}

static void test_abandon_leaves_nothing(void **state)
{
    struct output_file file;
    struct output_error error;
    (void)state;
    assert_true(output_file_open(&file, path_of("b"), &error));
    fputs("text", file.stream);
    output_file_abandon(&file);
    assert_int_not_equal(access(path_of("b"), F_OK), 0);
    assert_int_equal(entry_count(), 1);
}

static void test_two_writers_of_one_path(void **state)
{
    struct output_file one, two;
    struct output_error error;
    (void)state;
    assert_true(output_file_open(&one, path_of("c"), &error));
    assert_true(output_file_open(&two, path_of("c"), &error));
    fputs("one", one.stream);
    fputs("two", two.stream);
    assert_true(output_file_commit(&two, &error));
    assert_true(output_file_commit(&one, &error));
    expect_content("c", "one"); /* whole, by whoever came last */
    unlink(path_of("c"));
}

static void test_full_disk(void **state)
{
    struct output_file file;
    struct output_error error;
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_true(output_file_open(&file, "/dev/full", &error));
    fputs("lost", file.stream);
    assert_false(output_file_commit(&file, &error));
    assert_string_equal(error.text, "/dev/full: can not write: No space left on device");

    /* A small buffer: the write fails before the commit. */
    assert_true(output_file_open(&file, "/dev/full", &error));
    setvbuf(file.stream, NULL, _IONBF, 0);
    fputs("lost", file.stream);
    assert_false(output_file_commit(&file, &error));
    assert_non_null(strstr(error.text, "/dev/full: can not write: "));

    FILE *full = fopen("/dev/full", "w");
    fputs("lost", full);
    assert_false(output_stream_flush(full, "stdout", &error));
    assert_string_equal(error.text, "stdout: can not write: No space left on device");
    fclose(full);
}

static void expect_refused(const char *path, int number)
{
    struct output_file file;
    struct output_error error;
    char expected[OUTPUT_ERROR_MAX];
    assert_false(output_file_open(&file, path, &error));
    snprintf(expected, sizeof expected, "%s: can not open for writing: %s", path, strerror(number));
    assert_string_equal(error.text, expected);
    output_file_abandon(&file); /* harmless */
}

static void test_refused_paths(void **state)
{
    (void)state;
    expect_refused("", ENOENT);
    expect_refused(folder, EISDIR);
    expect_refused(path_of("missing/file"), ENOENT);
    expect_refused(path_of("a/file"), ENOTDIR);
    char long_path[OUTPUT_PATH_MAX + 10];
    struct output_file file;
    struct output_error error;
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_false(output_file_open(&file, long_path, &error));
    assert_string_equal(error.text, "path: can not open for writing: File name too long");
}

static void test_directories(void **state)
{
    struct output_error error;
    struct stat status;
    (void)state;
    assert_true(output_directory_make(path_of("x/y/z"), &error));
    assert_true(output_directory_make(path_of("x/y/z/"), &error)); /* it exists: fine */
    assert_int_equal(stat(path_of("x/y/z"), &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_false(output_directory_make(path_of("a/b"), &error));
    char expected[OUTPUT_ERROR_MAX];
    snprintf(expected, sizeof expected, "%s: can not create the directory: Not a directory",
             path_of("a"));
    assert_string_equal(error.text, expected);
    assert_false(output_directory_make("", &error));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_commit_replaces_at_once),
                                       cmocka_unit_test(test_abandon_leaves_nothing),
                                       cmocka_unit_test(test_two_writers_of_one_path),
                                       cmocka_unit_test(test_full_disk),
                                       cmocka_unit_test(test_refused_paths),
                                       cmocka_unit_test(test_directories)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
