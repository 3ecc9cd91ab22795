/* scenario_matrix.c - what is wrong with the user's matrix of delays, or looks like it. */
#include "models/scenario_matrix.h"
#include "models/csv_number.h"
#include "models/faults/region_sets.h"
#include "models/scenario_check.h"
#include "sim/arena.h"
#include "sim/nearest_word.h"

#include <string.h>

/* Where the file has the scenario's places: the regions, then the clients' own. */
struct lookup {
    struct checking *checking;
    const struct param_csv *file;
    size_t count;
    const char **names;
    struct scenario_matrix_at *at;
};

static const char *row_name(const struct param_csv *file, size_t row)
{
    return file->cells[row * file->columns];
}

struct scenario_matrix_at scenario_matrix_find(const struct param_csv *file, const char *name)
{
    struct scenario_matrix_at at = {.row = 0, .column = 1};
    while (at.row < file->rows && strcmp(row_name(file, at.row), name) != 0) {
        at.row++;
    }
    while (at.column < file->columns && strcmp(file->header[at.column], name) != 0) {
        at.column++;
    }
    return at;
}

static struct lookup look_up(struct checking *checking)
{
    const struct scenario *scenario = checking->scenario;
    const struct param_csv *file = &scenario->network.latency.file;
    struct lookup lookup = {.checking = checking,
                            .file = file,
                            .count = scenario->regions.count + scenario->client_places.count};
    lookup.names = arena_alloc(checking->arena, lookup.count, sizeof *lookup.names);
    lookup.at = arena_alloc(checking->arena, lookup.count, sizeof *lookup.at);
    for (size_t i = 0; i < lookup.count; i++) {
        lookup.names[i] = region_name(scenario, (uint32_t)i);
        lookup.at[i] = scenario_matrix_find(file, lookup.names[i]);
    }
    return lookup;
}

/* The same name twice in the first column: which row would count? */
static void check_rows(struct checking *checking, const struct param_csv *file)
{
    for (size_t i = 0; i < file->rows; i++) {
        for (size_t j = 0; j < i; j++) {
            const char *name = row_name(file, i);
            if (strcmp(name, row_name(file, j)) == 0) {
                complain(checking, "network.latency.file",
                         arena_printf(checking->arena, "%s:%d: has the row \"%s\" twice",
                                      file->file, file->lines[i], name));
            }
        }
    }
}

static void check_cells(const struct lookup *lookup)
{
    const struct param_csv *file = lookup->file;
    for (size_t i = 0; i < lookup->count; i++) {
        for (size_t j = 0; j < lookup->count; j++) {
            double number = 0.0;
            if (i == j || lookup->at[i].row == file->rows ||
                lookup->at[j].column == file->columns) {
                continue; /* not measured: the fibre model */
            }
            const char *cell =
                file->cells[lookup->at[i].row * file->columns + lookup->at[j].column];
            if (cell[0] != '\0' && (!csv_number(cell, &number) || number < 0.0 || number > 3.6e9)) {
                complain(lookup->checking, "network.latency.file",
                         arena_printf(lookup->checking->arena,
                                      "%s: from \"%s\" to \"%s\" must be a number of at least 0 "
                                      "(got \"%s\")",
                                      file->file, lookup->names[i], lookup->names[j], cell));
            }
        }
    }
}

static bool is_place(const struct lookup *lookup, const char *name)
{
    for (size_t i = 0; i < lookup->count; i++) {
        if (strcmp(lookup->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Rows, or the columns behind the first: a name that no place has, nearest to `place` or any. */
static const char *unknown_name(const struct lookup *lookup, bool rows, const char *place,
                                int *line)
{
    const struct param_csv *file = lookup->file;
    struct nearest nearest = nearest_to(place);
    const char *any = NULL;
    *line = 1;
    for (size_t i = rows ? 0 : 1; i < (rows ? file->rows : file->columns); i++) {
        const char *name = rows ? row_name(file, i) : file->header[i];
        if (is_place(lookup, name)) {
            continue;
        }
        any = any != NULL ? any : name;
        const char *before = nearest.best;
        nearest_try(&nearest, name);
        *line = rows && nearest.best != before ? file->lines[i] : *line;
    }
    return nearest.best != NULL ? nearest.best : any;
}

/*
 * A larger matrix than the scenario needs is welcome, and so are places that it does not have. Both
 * at once is what a misspelt name looks like.
 */
static void note_missing(const struct lookup *lookup, size_t place)
{
    const struct param_csv *file = lookup->file;
    struct arena *arena = lookup->checking->arena;
    const char *name = lookup->names[place];
    const bool in_rows = lookup->at[place].row < file->rows;
    int line = 1;
    if (in_rows && lookup->at[place].column < file->columns) {
        return;
    }
    const char *other = unknown_name(lookup, !in_rows, name, &line);
    if (other == NULL) {
        return;
    }
    const bool near = nearest_word(name, &other, 1) != NULL;
    scenario_note(lookup->checking,
                  arena_printf(arena,
                               "%s:%d: has no %s \"%s\", so that delays are estimated%s%.80s%s",
                               file->file, line, in_rows ? "column" : "row", name,
                               near ? " (did you mean it where it says \""
                                    : ", but others that are no places of the scenario, such as \"",
                               other, near ? "\"?)" : "\""));
}

void scenario_check_matrix(struct checking *checking)
{
    const struct scenario_latency *latency = &checking->scenario->network.latency;
    if (latency->file.columns == 0) {
        complain(checking, "network.latency", "from \"matrix\" needs \"file\"");
        return;
    }
    if (latency->unit == SCENARIO_MATRIX_UNDECLARED) {
        complain(checking, "network.latency",
                 "a matrix must declare its \"unit\": rtt_ms, rtt_us, one_way_ms or one_way_us");
    }
    const struct lookup lookup = look_up(checking);
    check_rows(checking, &latency->file);
    check_cells(&lookup);
    for (size_t i = 0; i < lookup.count; i++) {
        note_missing(&lookup, i);
    }
}
