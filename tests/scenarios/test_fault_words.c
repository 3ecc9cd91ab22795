/*
 * test_fault_words.c - every fault that models/faults/README.md writes out, in tables that map the
 * words of other tools to ours: it loads, its expanded form reads back as the same, and a world
 * runs under it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/writer.h"
#include "tests/scenarios/fault_lab.h"

#ifndef GEODES_SOURCE_DIR
#define GEODES_SOURCE_DIR "."
#endif

enum { README_BYTES_MAX = 1 << 16, WORDS_MIN = 45 };

static const char replication[] = "{'strategy': 'primary', 'primary': 'b'}";

struct seen {
    uint64_t begun, ok;
};

static void note(void *state, const struct record *row)
{
    struct seen *seen = state;
    seen->begun += row->kind == RECORD_FAULT_BEGIN && row->slot == 1;
    seen->ok += row->kind == RECORD_COMPLETED && row->outcome == RECORD_OK;
}

static void write_out(struct lab *lab, struct text *text)
{
    const struct writer writer = {.regions = &lab->loaded.reader.regions,
                                  .places = &lab->loaded.reader.places,
                                  .datasets = &lab->loaded.reader.datasets};
    writer_put(&writer, scenario_table, lab->scenario, text);
}

static void reads_back(struct lab *lab)
{
    struct text once = {0}, twice = {0};
    write_out(lab, &once);
    struct lab again = {0};
    arena_init(&again.arena);
    diags_init(&again.diags, &again.arena);
    const struct load_options options = {
        .file_name = "expanded", .text = text_string(&once), .length = once.length};
    again.scenario = scenario_load(&options, &again.arena, &again.diags, &again.loaded);
    lab_must_load(&again);
    write_out(&again, &twice);
    assert_string_equal(text_string(&once), text_string(&twice));
    text_release(&once);
    text_release(&twice);
    arena_release(&again.arena);
}

/* `json` begins with '{'. Whether it must begin in the run: what chance decides may not. */
static void try_fault(const char *json, size_t length)
{
    char faults[2048];
    const int used = snprintf(faults, sizeof faults,
                              "{'id': 'first', 'kind': 'node_outage', 'region': 'a', 'at': '5s',"
                              " 'for': '1s', 'repeat': {'every': '9s', 'times': 10}},\n"
                              "{'id': 'x', %.*s",
                              (int)length - 1, json + 1);
    assert_true(used > 0 && (size_t)used < sizeof faults);
    struct lab *lab = lab_open_with(faults, replication, "", "'retransmit_max': '1s', ");
    lab_must_load(lab);
    reads_back(lab);
    struct world *world = world_create(lab->scenario, 3);
    struct seen seen = {0};
    const struct record_sink sink = {.state = &seen,
                                     .row = note,
                                     .mask = UINT32_C(1) << RECORD_FAULT_BEGIN |
                                             UINT32_C(1) << RECORD_COMPLETED};
    world_run(world, &sink, NULL);
    assert_true(world_layout(world)->faults[1].text[0] != '\0');
    if (seen.begun == 0 || seen.ok < 300) {
        fail_msg("%.*s: began %llu times, %llu answers", (int)length, json,
                 (unsigned long long)seen.begun, (unsigned long long)seen.ok);
    }
    world_release(world);
    lab_close(lab);
}

static void words_of_the_readme_run(void **state)
{
    (void)state;
    FILE *file = fopen(GEODES_SOURCE_DIR "/models/faults/README.md", "rb");
    assert_non_null(file);
    char *readme = calloc(1, README_BYTES_MAX);
    assert_non_null(readme);
    assert_true(fread(readme, 1, README_BYTES_MAX - 1, file) > 0);
    fclose(file);
    int words = 0;
    for (const char *at = strstr(readme, "`{\""); at != NULL; at = strstr(at, "`{\"")) {
        const char *end = strstr(at, "}`");
        assert_non_null(end);
        try_fault(at + 1, (size_t)(end - at));
        words++;
        at = end;
    }
    print_message("%d faults\n", words);
    assert_true(words >= WORDS_MIN);
    free(readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_the_readme_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
