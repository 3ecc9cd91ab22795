#include "cli/scenario_file.h"

#include "analysis/collect.h"
#include "models/world.h"
#include "scenarios/overrides.h"
#include "scenarios/writer.h"
#include "sim/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_CHUNK = 65536, READ_MAX = JSON_BYTES_MAX + 1 };

/* All of a stream, with NUL behind; NULL and errno on failure. One byte over the limit is kept, so
 * that the reader reports the limit. */
static char *read_stream(FILE *stream, struct arena *arena, size_t *length)
{
    char *bytes = NULL;
    size_t capacity = 0, used = 0;
    for (;;) {
        memory_grow((void **)&bytes, &capacity, used + READ_CHUNK + 1, 1);
        const size_t got = fread(bytes + used, 1, READ_CHUNK, stream);
        used += got;
        if (got == 0 || used > READ_MAX) {
            break;
        }
    }
    if (ferror(stream)) {
        memory_release(bytes);
        return NULL;
    }
    char *text = arena_text(arena, bytes, used);
    memory_release(bytes);
    *length = used;
    return text;
}

char *scenario_file_text(const char *path, struct arena *arena, size_t *length)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *stream = standard ? stdin : fopen(path, "rb");
    if (stream == NULL) {
        fprintf(stderr, "geodes: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    char *text = read_stream(stream, arena, length);
    if (text == NULL) {
        fprintf(stderr, "geodes: %s: %s\n", path, strerror(errno));
    }
    if (!standard) {
        fclose(stream);
    }
    return text;
}

/* Files that a scenario names are relative to the scenario's own folder. */
static const char *read_beside(void *context, const char *name, struct arena *arena, size_t *length,
                               const char **problem)
{
    const char *scenario = context;
    const char *slash = strrchr(scenario, '/');
    const char *path =
        name[0] == '/' || slash == NULL
            ? name
            : arena_printf(arena, "%.*s/%s", (int)(slash - scenario), scenario, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        *problem = strerror(errno);
        return NULL;
    }
    char *text = read_stream(stream, arena, length);
    *problem = text == NULL ? strerror(errno) : NULL;
    fclose(stream);
    return text;
}

void scenario_file_from(struct scenario_file *file, const struct arguments *arguments,
                        struct arena *arena)
{
    const char **overrides = arena_alloc(arena, OPTIONS_MAX, sizeof *overrides);
    file->override_count = arguments_all(arguments, "set", overrides, OPTIONS_MAX);
    file->overrides = overrides;
    file->variant = arguments_text(arguments, "variant");
    file->path = arguments->operand_count > 0 ? arguments->operands[0] : "-";
}

bool scenario_file_runs(const struct arguments *arguments, uint64_t *seed, uint64_t *replications)
{
    enum { REPLICATIONS_MAX = 1000000 };
    const uint64_t seed_max = UINT64_C(9007199254740991); /* what a JSON number holds exactly */
    *seed = UINT64_MAX;
    return arguments_number(arguments, "seed", 0, seed_max, seed) &&
           arguments_number(arguments, "replications", 1, REPLICATIONS_MAX, replications);
}

static void add_json_members(struct diags *diags, struct text *members)
{
    struct text array = {0};
    diags_put_json(diags, &array);
    const char *inside = text_string(&array) + strlen("[");
    text_format(members, "%s%.*s", members->length > 0 ? "," : "",
                (int)(strlen(inside) - strlen("\n]\n")), inside);
    text_release(&array);
}

static void print_diags(const struct scenario_file *file, struct diags *diags)
{
    if (file->json_errors != NULL) {
        add_json_members(diags, file->json_errors);
        return;
    }
    struct text text = {0};
    diags_put_text(diags, &text);
    fputs(text_string(&text), stderr);
    text_release(&text);
}

/* The command line is at fault, not the scenario. */
static bool malformed_option(const struct diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        if (strcmp(diags->items[i].code, OVERRIDES_MALFORMED) == 0) {
            return true;
        }
    }
    return false;
}

/* One threshold, number `index` of those that the reader lists; `value` is where it is written. */
static void check_expectation(struct scenario_file *file, const struct expect_scope *scope,
                              size_t index, const struct json_value *value, struct diags *diags)
{
    const struct param_expectation *item =
        (const struct param_expectation *)file->scenario->expect.items + index;
    const struct expect_source source = {
        .selector = item->metric, .threshold = item->threshold, .allow_empty = item->allow_empty};
    struct expect_error error;
    if (!expect_parse(&file->expects[index], &source, scope, diags->arena, &error)) {
        struct diag *diag = diags_add(diags, value->place, "expectation", "%s", error.text);
        diag->path = arena_printf(diags->arena, "expect.%s", item->metric);
    }
}

static void add_note(struct scenario_file *file, const char *note, struct arena *arena)
{
    const char **notes = arena_alloc(arena, file->note_count + 1, sizeof *notes);
    for (size_t i = 0; i < file->note_count; i++) {
        notes[i] = file->notes[i];
    }
    notes[file->note_count++] = note;
    file->notes = notes;
}

/* Rows before, during and after each fault have a limit, which depends on the places. */
static void note_windows(struct scenario_file *file, const struct record_layout *layout,
                         struct arena *arena)
{
    const uint32_t windows = collect_window_count(layout);
    if (windows < layout->fault_count) {
        add_note(file,
                 arena_printf(arena,
                              "%s: faults: only the first %u of %u have rows before, during and "
                              "after them",
                              file->path, windows, layout->fault_count),
                 arena);
    }
}

/* Expectations name metrics and labels, which the catalogue and the world's layout know. */
static void check_expectations(struct scenario_file *file, struct arena *arena, struct diags *diags)
{
    const struct scenario *scenario = file->scenario;
    file->expect_count = scenario->expect.count;
    const bool many_faults =
        scenario->faults.count > COLLECT_WINDOW_PLACES_MAX / (SCENARIO_PLACES_MAX + 1);
    if (file->expect_count == 0 && !many_faults) {
        return;
    }
    file->expects = arena_alloc(arena, file->expect_count, sizeof *file->expects);
    struct world *world = world_create(scenario, (uint64_t)scenario->seed);
    const struct expect_scope scope = {.catalogue = metric_catalogue,
                                       .layout = world_layout(world)};
    note_windows(file, scope.layout, arena);
    const struct json_value *expect = json_member(file->loaded.root, "expect");
    const struct json_value *metric = expect != NULL ? expect->first : NULL;
    size_t index = 0;
    for (; metric != NULL; metric = metric->next) {
        const bool list = metric->type == JSON_ARRAY;
        const struct json_value *value = list ? metric->first : metric;
        for (; value != NULL; value = list ? value->next : NULL) {
            check_expectation(file, &scope, index++, value, diags);
        }
    }
    world_release(world);
}

enum exit_code scenario_file_load(struct scenario_file *file, struct arena *arena)
{
    if (file->text == NULL) {
        file->text = scenario_file_text(file->path, arena, &file->length);
    }
    if (file->text == NULL) {
        return EXIT_CODE_IO;
    }
    const struct file_reader files = {.read = read_beside,
                                      .context = arena_text(arena, file->path, strlen(file->path))};
    const struct load_options options = {.file_name =
                                             strcmp(file->path, "-") == 0 ? "<stdin>" : file->path,
                                         .text = file->text,
                                         .length = file->length,
                                         .variant = file->variant,
                                         .overrides = file->overrides,
                                         .override_count = file->override_count,
                                         .files = &files};
    struct diags *diags = arena_alloc(arena, 1, sizeof *diags);
    diags_init(diags, arena);
    file->scenario = scenario_load(&options, arena, diags, &file->loaded);
    if (file->scenario != NULL) {
        file->notes = file->scenario->notes.items;
        file->note_count = file->scenario->notes.count;
        check_expectations(file, arena, diags);
    }
    if (diags->total > 0) {
        print_diags(file, diags);
        return malformed_option(diags) ? EXIT_CODE_USAGE : EXIT_CODE_INPUT;
    }
    const struct writer writer = {.regions = &file->loaded.reader.regions,
                                  .places = &file->loaded.reader.places,
                                  .datasets = &file->loaded.reader.datasets};
    struct text expanded = {0};
    writer_put(&writer, scenario_table, file->scenario, &expanded);
    file->expanded = arena_text(arena, expanded.bytes, expanded.length);
    text_release(&expanded);
    writer_digest(&writer, scenario_table, file->scenario, file->digest);
    return EXIT_CODE_OK;
}

void scenario_file_put_notes(const struct scenario_file *file)
{
    for (size_t i = 0; i < file->note_count; i++) {
        fprintf(stderr, "note: %s\n", file->notes[i]);
    }
}
