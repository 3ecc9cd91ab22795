/*
 * metric_splits.h - which labels a metric's rows carry together.
 *
 * Model:     the catalogue says by which labels a metric is split, this table which of them meet in
 *            one row: latency_ms has rows by region and by group, but none by both.
 * Errors:    none; a metric without a line in the table may have any of its labels.
 * Ownership: texts are in the arena given.
 */
#ifndef ANALYSIS_METRIC_SPLITS_H
#define ANALYSIS_METRIC_SPLITS_H

#include "analysis/metric.h"

bool metric_splits_known(const struct metric_definition *definition);

/* Whether it has rows with exactly these labels, whatever their values. */
bool metric_splits_allow(const struct metric_definition *definition,
                         const struct metric_label *labels, uint32_t label_count);

/* "{[region], [operation]}, {group, [operation]}": what is in brackets may be left out. */
const char *metric_splits_text(const struct metric_definition *definition, struct arena *arena);

#endif
