/*
 * rows.h - what the types of sim/param.h mean, for everyone who interprets a table: reader, writer,
 * schema, overrides and help.
 */
#ifndef SCENARIOS_ROWS_H
#define SCENARIOS_ROWS_H

#include "scenarios/units.h"
#include "sim/param.h"

enum { ROW_ID_MAX = 63 };

struct limits {
    double min, max; /* in the stored unit; -DBL_MAX and DBL_MAX: none */
};

/* The quantities of a distribution are in the unit of the row around it. */
struct ambient {
    enum dimension dimension;
    const struct unit *plain; /* of numbers without a unit */
};

/* NULL when the table has no such key. */
const struct param_spec *rows_find(const struct param_spec *table, const char *key);

/* Rows whose default_text is "none" store -1 for it. */
bool row_can_be_none(const struct param_spec *row);

/* Bool, numbers and quantities, words: one value in JSON. */
bool row_is_scalar(const struct param_spec *row);

/* Of numbers: what a value must lie in. Of lists: what their length must lie in. */
struct limits row_limits(const struct param_spec *row);

enum dimension row_dimension(const struct param_spec *row, const struct ambient *ambient);
const struct unit *row_plain_unit(const struct param_spec *row, const struct ambient *ambient);

/* Inside the distribution that this row holds; a row without a unit keeps the one around it. */
struct ambient row_ambient(const struct param_spec *row, const struct ambient *ambient);

/* "a duration such as \"80ms\"": completes "must be ...". */
const char *row_phrase(const struct param_spec *row, const struct ambient *ambient);

/* A number of the row as text with its unit: "80ms", "512B", "none". */
char *row_number_text(const struct param_spec *row, const struct ambient *ambient, double value,
                      char text[DECIMAL_TEXT_MAX]);

/* "between 1ms and 10s", "at least 0"; "" without limits. */
const char *row_limits_text(const struct param_spec *row, const struct ambient *ambient,
                            struct arena *arena);

bool id_is_valid(const char *text);

/* The kind and its row that a bare "5ms" stands for; NULL when there is none. */
const struct param_kind *constant_kind(const struct param_registry *registry);
const struct param_spec *constant_row(const struct param_kind *kind);

#endif
