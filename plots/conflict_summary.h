/*
 * conflict_summary.h - how writes met in a run, in a few numbers: for comparisons of variants.
 *
 * Model:  conflicts as a share of writes; lost updates by cause as a share of acknowledged writes;
 *         what the run was like for them: the mean delay until other replicas had a write, writes
 *         a second, and how wrong the accepting machines' clocks were (mean of the absolute error).
 *         Summed over datasets and replications.
 * Units:  shares in per cent, delays and errors in milliseconds.
 * Source: definitions of the metrics: analysis/metric_catalogue.c.
 */
#ifndef PLOTS_CONFLICT_SUMMARY_H
#define PLOTS_CONFLICT_SUMMARY_H

#include "analysis/metric.h"

enum conflict_loss { LOSS_CONCURRENT, LOSS_CLOCK, LOSS_FAILOVER, LOSS_CAUSES };

struct conflict_summary {
    bool any; /* several replicas accept writes: the rest means something */
    double conflicts;
    double lost[LOSS_CAUSES];
    double delay_ms, writes_per_s;
    bool clock_known;
    double clock_error_ms;
};

struct conflict_summary conflict_summary_of(const struct metric_set *set);

extern const char *const conflict_loss_names[LOSS_CAUSES];
extern const char *const conflict_loss_colours[LOSS_CAUSES];

#endif
