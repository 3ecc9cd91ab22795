/*
 * failure_summary.h - what the faults of a run cost, in a few numbers: for comparisons of variants.
 *
 * Model:  time to recovery (rto_ms) of reads and of writes: its mean over occurrences and
 *         replications for the fault and client region for which it is longest; not to have
 *         recovered is longer than any time. Lost are the acknowledged writes that are gone or were
 *         discarded (rpo_writes_gone, summed over faults, and acked_discarded: also what a leader
 *         took alone while another led already), and the largest rpo_lost_ms. Split brain is
 *         summed over datasets. Nines are the fewest during any fault.
 * Units:  milliseconds; counts are over all replications.
 * Source: definitions of the metrics: analysis/metric_catalogue_failure.inc.
 */
#ifndef PLOTS_FAILURE_SUMMARY_H
#define PLOTS_FAILURE_SUMMARY_H

#include "analysis/metric.h"

enum { FAILURE_PARTS = METRIC_RECOVERY_TIMES - 1 };

struct failure_recovery {
    bool any; /* there was a fault, and operations after it */
    uint64_t not_recovered;
    double rto_ms, parts_ms[FAILURE_PARTS];
};

struct failure_summary {
    struct failure_recovery operations[2]; /* reads, writes */
    uint64_t gone, discarded;
    bool lost_known, split_known, nines_known, all_ok; /* all_ok: no nines, for want of failures */
    double lost_ms, split_brain_ms, nines;
};

struct failure_summary failure_summary_of(const struct metric_set *set);

#endif
