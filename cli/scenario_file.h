/*
 * scenario_file.h - a scenario from the command line: read, loaded, its expectations checked.
 *
 * Errors: printed to stderr (all of them, with position and caret); the exit code says which kind.
 * Ownership: everything in the arena, which the caller releases.
 */
#ifndef CLI_SCENARIO_FILE_H
#define CLI_SCENARIO_FILE_H

#include "analysis/expect.h"
#include "cli/exit_code.h"
#include "cli/option.h"
#include "models/scenario.h"
#include "scenarios/load.h"
#include "scenarios/sha256.h"
#include "scenarios/text.h"
#include "sim/record.h"

struct scenario_file {
    const char *path;    /* as the user typed it; "-" for standard input */
    const char *variant; /* NULL: none */
    const char *const *overrides;
    size_t override_count;
    struct text *json_errors; /* errors go here as members of a JSON array; NULL: to stderr */
    const char *text;         /* the scenario when it was read before; NULL: read it from `path` */
    size_t length;
    /* Results. */
    const struct scenario *scenario;
    struct loaded loaded;
    struct expect *expects;
    size_t expect_count;
    const char *const *notes; /* what is no error, but probably not meant */
    size_t note_count;
    const char *expanded; /* JSON text with every default */
    char digest[SHA256_TEXT_MAX];
};

/* Fills path, variant and overrides from --variant and --set and the first operand. */
void scenario_file_from(struct scenario_file *file, const struct arguments *arguments,
                        struct arena *arena);

enum exit_code scenario_file_load(struct scenario_file *file, struct arena *arena);

/* --seed (UINT64_MAX when absent) and --replications. False after a usage error. */
bool scenario_file_runs(const struct arguments *arguments, uint64_t *seed, uint64_t *replications);

/* Notes on stderr. */
void scenario_file_put_notes(const struct scenario_file *file);

/* The whole file or standard input; NULL after a message on stderr. */
char *scenario_file_text(const char *path, struct arena *arena, size_t *length);

#endif
