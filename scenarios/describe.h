/*
 * describe.h - the parameter tables as text for people: what `geodes list` and `geodes describe`
 * print.
 *
 * Order:     that of the tables and registries.
 * Ownership: text is the caller's to release.
 */
#ifndef SCENARIOS_DESCRIBE_H
#define SCENARIOS_DESCRIBE_H

#include "scenarios/diag.h"
#include "sim/param.h"

/* What can be described: kinds and registries by name, and keys of the scenario by path. */
struct describe {
    const struct param_registry *const *registries; /* ends with NULL */
    const struct param_spec *table;                 /* of the scenario */
};

/* Every kind of a registry with its summary, one a line. */
void describe_put_registry(const struct param_registry *registry, struct text *out);

/* A kind: summary, source and parameters. */
void describe_put_kind(const struct param_registry *registry, const struct param_kind *kind,
                       struct text *out);

/* Keys of a table: type, range, default, help. */
void describe_put_table(const struct param_spec *table, struct text *out);

/*
 * Everything of that name: "quorum", "strategies", "network.latency", "clients.retry". False when
 * there is nothing; *suggestion is then the nearest name or NULL.
 */
bool describe_put_name(const struct describe *describe, const char *name, struct text *out,
                       const char **suggestion);

#endif
