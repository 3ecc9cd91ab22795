/* import_parts.h - what the importers share; only scenarios/import*.c include it. */
#ifndef SCENARIOS_IMPORT_PARTS_H
#define SCENARIOS_IMPORT_PARTS_H

#include "scenarios/import.h"

struct importer {
    const struct import_options *options;
    struct arena *arena;
    struct diags *diags;
    struct text *out;
    size_t count; /* of faults */
};

struct import_target { /* part of the scenario */
    const char *region;
    uint32_t index;     /* of the region */
    int64_t node, zone; /* -1: all */
    int64_t at_most;    /* machines; 0: all of them */
};

/* When a fault is; lasts_ns 0: to the end of the run. */
struct import_span {
    sim_ns at_ns, lasts_ns;
};

void import_error(struct importer *importer, struct place place, const char *path, const char *code,
                  const char *message);

bool import_skipped(const struct importer *importer, const char *name);

/* A PLACE: false when it is none of the scenario's. */
bool import_target_parse(const struct importer *importer, const char *text,
                         struct import_target *target);

/* By the caller's map; false when it has no such name. A bad place is an error. */
bool import_target_mapped(struct importer *importer, const struct json_value *where,
                          const char *name, struct import_target *target, bool *known);

/* Members that must be texts or numbers: NULL (and no error) when absent. */
const char *import_text(struct importer *importer, const struct json_value *object,
                        const char *key);

/* Decimal digits at *text, which moves behind them; -1: none there, or more than 9. */
int64_t import_digits(const char **text);

/* "60", "12.5": a number in a text. False after an error that names `path`. */
bool import_number(struct importer *importer, const struct json_value *value, const char *text,
                   double *number);

/* The faults. */
void import_outage(struct importer *importer, const char *id, const struct import_target *target,
                   struct import_span span, bool disk_lost);
void import_isolate(struct importer *importer, const char *id, const struct import_target *target,
                    struct import_span span);
/* Between the target and `other`; NULL: all other regions. `effect` is JSON, "\"loss\": 0.1". */
void import_link(struct importer *importer, const char *id, const struct import_target *target,
                 const char *other, const char *effect, struct import_span span);
void import_cut(struct importer *importer, const char *id, const struct import_target *target,
                const char *other, struct import_span span);

bool import_fis(struct importer *importer, const struct json_value *root);
bool import_litmus(struct importer *importer, const struct json_value *root);

#endif
