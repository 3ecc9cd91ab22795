/*
 * load_table.h - text in, any struct that a table describes out, or every error with its place.
 *
 * Order:     parse, variant, --set options in their order, names, rows.
 * Ownership: everything lives in the arena of the diags; the caller's text may go.
 * Errors:    into diags. Nothing is printed.
 * Scenarios use scenarios/load.h on top of it; other files with tables of their own (a sweep) use
 * this.
 */
#ifndef SCENARIOS_LOAD_TABLE_H
#define SCENARIOS_LOAD_TABLE_H

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

/* `out` is zeroed. False after an error. */
bool load_table(const struct load_options *options, const struct param_spec *table, void *out,
                struct loaded *loaded, struct diags *diags);

#endif
