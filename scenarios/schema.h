/*
 * schema.h - JSON Schema (draft 2020-12) generated from the same tables that the reader uses, so
 * that editors complete and check a scenario while it is typed.
 *
 * Agrees with the reader but for what a schema can not say: duplicate keys, references to regions
 * and datasets, names that appear twice, the range of quantities written with a unit, whether bytes
 * written with a unit are whole, rules of finish() and of scenario_check(), paths in variants,
 * contents of CSV files, and the limits on size and number length.
 */
#ifndef SCENARIOS_SCHEMA_H
#define SCENARIOS_SCHEMA_H

#include "scenarios/text.h"
#include "sim/param.h"

void schema_put(const struct param_spec *table, const char *title, struct text *out);

#endif
