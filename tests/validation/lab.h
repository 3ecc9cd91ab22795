/*
 * lab.h - a small laboratory: a scenario's text in, a run, its rows out.
 *
 * Model:   the text is that of a scenario file; in a text of the test's own ' stands for ", so that
 *          it can be read. The world is the one that `geodes run` builds; only the sink is ours.
 * Errors:  a text that the loader refuses fails the test with the loader's messages.
 */
#ifndef TESTS_VALIDATION_LAB_H
#define TESTS_VALIDATION_LAB_H

#include "analysis/collect.h"
#include "models/world.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "tests/validation/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct lab {
    struct arena arena;
    const struct scenario *scenario;
    struct world *world;
    const char *trace;     /* what any CSV file of the scenario holds, but */
    const char *traces[4]; /* what "0.csv" to "3.csv" hold; NULL: `trace` */
    struct record *rows;   /* those that lab_run() kept */
    size_t row_count, row_capacity;
};

static inline const char *lab_file(void *context, const char *name, struct arena *arena,
                                   size_t *length, const char **problem)
{
    const struct lab *lab = context;
    const bool numbered = name[0] >= '0' && name[0] <= '3' && lab->traces[name[0] - '0'] != NULL;
    const char *text = numbered ? lab->traces[name[0] - '0'] : lab->trace;
    if (text == NULL) {
        *problem = "this test has no file";
        return NULL;
    }
    *length = strlen(text);
    return arena_text(arena, text, *length);
}

/* Loads a text; NULL, with the loader's messages in `messages`, when it is refused. */
static inline const struct scenario *lab_load(struct lab *lab, const char *text,
                                              const char *variant, const char *const *overrides,
                                              struct text *messages)
{
    arena_init(&lab->arena);
    lab->rows = NULL;
    lab->row_count = lab->row_capacity = 0;
    size_t count = 0;
    while (overrides != NULL && overrides[count] != NULL) {
        count++;
    }
    const struct file_reader files = {.read = lab_file, .context = lab};
    const struct load_options options = {.file_name = "scenario",
                                         .text = text,
                                         .length = strlen(text),
                                         .variant = variant,
                                         .overrides = overrides,
                                         .override_count = count,
                                         .files = &files};
    struct diags *diags = arena_alloc(&lab->arena, 1, sizeof *diags);
    diags_init(diags, &lab->arena);
    lab->scenario = scenario_load(&options, &lab->arena, diags, NULL);
    lab->world = NULL;
    diags_put_lines(diags, messages);
    return lab->scenario;
}

/* Loads a text; `overrides` ends with NULL and may be NULL; so may `variant`. */
static inline void lab_open(struct lab *lab, const char *text, const char *variant,
                            const char *const *overrides)
{
    struct text messages = {0};
    if (lab_load(lab, text, variant, overrides, &messages) == NULL) {
        fail_msg("%s", text_string(&messages));
    }
    text_release(&messages);
}

/* A text with ' for " as JSON. */
static inline const char *lab_json(struct arena *arena, const char *text)
{
    char *json = arena_text(arena, text, strlen(text));
    for (char *c = json; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return json;
}

/* The same with ' for ". */
static inline void lab_write(struct lab *lab, const char *text)
{
    struct arena copy;
    arena_init(&copy);
    lab_open(lab, lab_json(&copy, text), NULL, NULL);
    arena_release(&copy);
}

/* A text with ' for " that must be refused, with a line that has `message` in it. */
static inline void lab_refuse(const char *text, const char *message)
{
    struct arena copy;
    arena_init(&copy);
    struct lab lab = {.trace = "time_ms,operation,key,session\n0,read,1,0\n"};
    struct text messages = {0};
    const bool loaded = lab_load(&lab, lab_json(&copy, text), NULL, NULL, &messages) != NULL;
    if (loaded || strstr(text_string(&messages), message) == NULL) {
        fail_msg("must be refused with: %s\n%s", message, text_string(&messages));
    }
    text_release(&messages);
    arena_release(&lab.arena);
    arena_release(&copy);
}

/* A scenario file of the project. */
static inline void lab_read(struct lab *lab, const char *path, const char *variant,
                            const char *const *overrides)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s", GEODES_SOURCE_DIR, path);
    FILE *stream = fopen(name, "rb");
    if (stream == NULL) {
        fail_msg("%s can not be opened", name);
        return;
    }
    static char text[1 << 20];
    const size_t length = fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    text[length] = '\0';
    lab_open(lab, text, variant, overrides);
}

static inline void lab_keep(void *state, const struct record *row)
{
    struct lab *lab = state;
    void *rows = lab->rows;
    memory_grow(&rows, &lab->row_capacity, lab->row_count + 1, sizeof *lab->rows);
    lab->rows = rows;
    lab->rows[lab->row_count++] = *row;
}

/* Runs with a sink of the caller's. */
static inline void lab_run_into(struct lab *lab, uint64_t seed, struct record_sink sink)
{
    lab->world = world_create(lab->scenario, seed);
    const enum engine_stop stop = world_run(lab->world, &sink, NULL);
    assert_true(stop == ENGINE_UNTIL || stop == ENGINE_DONE);
}

/* Runs and keeps the rows of the kinds in `mask` (bit k for kind k; 0: all). */
static inline void lab_run(struct lab *lab, uint64_t seed, uint32_t mask)
{
    lab_run_into(
        lab, seed,
        (struct record_sink){.state = lab, .row = lab_keep, .mask = mask != 0 ? mask : UINT32_MAX});
}

/* Runs and measures, as `geodes run` does; the caller releases the set. */
static inline void lab_measure(struct lab *lab, uint64_t seed, struct metric_set *set)
{
    *set = (struct metric_set){0};
    lab->world = world_create(lab->scenario, seed);
    struct collector collector;
    collector_init(&collector, world_layout(lab->world));
    const struct record_sink sink = collector_sink(&collector);
    const enum engine_stop stop = world_run(lab->world, &sink, NULL);
    assert_true(stop == ENGINE_UNTIL || stop == ENGINE_DONE);
    collector_finish(&collector, lab->scenario->duration, set);
    collector_release(&collector);
}

/* A metric of the set by name and at most one label; fails when it has no samples. */
static inline const struct metric *lab_metric(const struct metric_set *set, const char *name,
                                              const char *key, const char *value)
{
    const struct metric_label label = {key, value};
    const struct metric *metric = metric_find(set, name, &label, key != NULL ? 1 : 0);
    if (metric == NULL || !metric_defined(metric)) {
        fail_msg("%s{%s:%s} has no samples", name, key != NULL ? key : "",
                 value != NULL ? value : "");
    }
    return metric;
}

static inline void lab_close(struct lab *lab)
{
    if (lab->world != NULL) {
        world_release(lab->world);
    }
    memory_release(lab->rows);
    arena_release(&lab->arena);
}

/* Both values in the message; `what` names the row of a table. */
static inline void lab_near(const char *what, double value, double expected, double tolerance)
{
    const double off = value > expected ? value - expected : expected - value;
    if (!(off <= tolerance)) {
        fail_msg("%s: %.9g, must be %.9g +- %.3g", what, value, expected, tolerance);
    }
}

#endif
