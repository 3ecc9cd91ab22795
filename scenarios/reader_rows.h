/*
 * reader_rows.h - what the parts of the reader share; private to reader*.c.
 */
#ifndef SCENARIOS_READER_ROWS_H
#define SCENARIOS_READER_ROWS_H

#include "scenarios/reader.h"

/* One value to be read as a row says, into `out`. */
struct slot {
    struct reader *reader;
    const struct param_spec *row;
    const struct json_value *value;
    void *out;
};

/* A table and the struct that it fills. */
struct section {
    const struct param_spec *table; /* may be NULL */
    void *base;
};

enum { SECTIONS_MAX = 2 };

/* The keys of an object: those of the sections, and a discriminator that is already read. */
struct members {
    struct section sections[SECTIONS_MAX];
    const char *discriminator; /* may be NULL */
};

bool read_members(struct reader *reader, const struct json_value *object,
                  const struct members *members);

bool read_slot(struct slot slot);

/* Each reads one type; see enum param_type. */
bool read_bool(struct slot slot);
bool read_number(struct slot slot);
bool read_enum(struct slot slot);
bool read_text(struct slot slot);
bool read_reference(struct slot slot);
bool read_regions(struct slot slot);
bool read_region_sets(struct slot slot);
bool read_numbers(struct slot slot);
bool read_csv_numbers(struct slot slot);
bool read_csv_table(struct slot slot);
bool read_object(struct slot slot);
bool read_list(struct slot slot);
bool read_map(struct slot slot);
bool read_choice(struct slot slot);
bool read_choices(struct slot slot);
bool read_distribution(struct slot slot);
bool read_expectations(struct slot slot);
bool read_variants(struct slot slot);

/* A number or quantity without storing it; checks the limits. */
bool read_real(struct slot slot, double *out);

/* Reports at the slot's value. Return false, so that a caller can return them. */
bool fail_type(struct slot slot); /* "must be a duration such as ... (got ...)" */
bool fail_count(struct slot slot, size_t count);
struct diag *report(struct reader *reader, const struct json_value *at, const char *code,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
