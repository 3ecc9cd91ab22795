/*
 * collect.h - the observer: judges a stream of fact rows and measures what metric_catalogue
 * defines.
 *
 * Model:     the collector is omniscient; it knows true time, every acknowledgement and what every
 *            replica holds. Definitions are those of metric_catalogue.c, word for word. Everything
 *            is computed online from exact counts.
 * Order:     rows must come in the order of record.h (at_ns never decreases); the result is a
 *            function of the layout and the rows alone. Every metric set of one layout has the same
 *            metrics, series and curves at the same indices, with or without samples.
 * Bounds:    memory grows with keys x replicas, with operations in flight, with the number of
 *            timeline buckets and with places squared; never with the number of operations. Fresh
 *            and stale are always exact. Age and versions of a stale read, and the lag in versions,
 *            are exact unless some replica lags so many versions behind that old versions had to be
 *            merged: then they are bounds and `staleness_approximate_reads` counts them.
 * Ownership: the collector owns its memory; the layout must outlive it and the metric set (names
 *            are not copied). The metric set owns an arena of its own.
 * Errors:    rows that contradict record.h (an unknown slot, a key out of range) are bugs: CHECK.
 * Cost:      a SENT row is about 2 ns, the rows of a read about 100 ns together.
 */
#ifndef ANALYSIS_COLLECT_H
#define ANALYSIS_COLLECT_H

#include "analysis/metric.h"
#include "sim/record.h"

enum {
    COLLECT_BUCKETS_MAX = 100000,     /* of the timeline: duration_ns / bucket_ns, rounded up */
    COLLECT_FAULT_WINDOWS_MAX = 200,  /* faults that get before/during/after windows */
    COLLECT_WINDOW_PLACES_MAX = 20000 /* faults with windows * (places with clients + 1) */
};

/* How many faults get windows, the first ones of the layout: memory grows with faults * places. */
uint32_t collect_window_count(const struct record_layout *layout);

struct collector {
    struct collect_state *state; /* private */
};

/* `layout` as the world made it; every field must be final. */
void collector_init(struct collector *collector, const struct record_layout *layout);

/* Where the rows go; its mask names just the kinds that are needed. */
struct record_sink collector_sink(struct collector *collector);

/*
 * Ends the run at `end_ns` (the duration, or earlier when a limit stopped it) and builds the set;
 * `set->seed` is the layout's, `set->events` and `set->fingerprint` are left 0 for the caller.
 * Call it once, then metric_set_release(set) when done.
 */
void collector_finish(struct collector *collector, sim_ns end_ns, struct metric_set *set);

void collector_release(struct collector *collector);

#endif
