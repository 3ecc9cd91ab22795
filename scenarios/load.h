/*
 * load.h - a scenario file's text in, a const struct scenario out, or every error with its place.
 *
 * Order:     parse, variant, --set options in their order, names, rows, scenario_check().
 * Ownership: everything lives in the arena; the caller's text may go.
 * Errors:    into diags; NULL is returned then. Nothing is printed.
 * Determinism: no clock, locale, environment or file is read but through `files`.
 */
#ifndef SCENARIOS_LOAD_H
#define SCENARIOS_LOAD_H

#include "models/scenario.h"
#include "scenarios/diag.h"
#include "scenarios/reader.h"

struct load_options {
    const char *file_name; /* for messages */
    const char *text;
    size_t length;
    const char *variant;          /* NULL: none */
    const char *const *overrides; /* "PATH=VALUE" each */
    size_t override_count;
    const struct file_reader *files; /* NULL: the scenario may not name files */
};

/* What loading leaves behind beside the struct. */
struct loaded {
    const struct json_value *root; /* overrides included, without "$schema" */
    struct reader reader;          /* its names */
    const char *const *variants;   /* names, in order */
    size_t variant_count;
};

/* A scenario. `loaded` may be NULL. */
const struct scenario *scenario_load(const struct load_options *options, struct arena *arena,
                                     struct diags *diags, struct loaded *loaded);

/* The same for any table, without scenario_check(); `out` is zeroed. False after an error. */
bool load_table(const struct load_options *options, const struct param_spec *table, void *out,
                struct loaded *loaded, struct diags *diags);

#endif
