/*
 * curve.h - P(fresh) as a function of the time since a write, from two histograms of that time.
 *
 * Model:     `all` counts reads by the time t between the acknowledgement of the write and the
 *            invocation; `missed` those of them that did not see it. Both have the same buckets.
 *            Neighbouring buckets are joined, from small t, until each bin has enough samples; what
 *            is left over at the end joins the last bin.
 * Ownership: arrays come from the arena given.
 * Cost:      one walk over the buckets.
 */
#ifndef ANALYSIS_CURVE_H
#define ANALYSIS_CURVE_H

#include "analysis/metric.h"

enum { CURVE_BIN_SAMPLES = 100 };

struct curve_count { /* of one bucket that is not empty */
    size_t index;
    uint64_t samples, missed;
};

/* Two histograms as one list, for several looks at them. Begins zeroed; used again it grows only.
 */
struct curve_counts {
    const struct histogram *all, *missed;
    void *items; /* struct curve_count */
    size_t count, capacity;
};

/* Every bucket of `missed` has samples. Both histograms outlive the curves filled. */
void curve_counts_set(struct curve_counts *counts, const struct histogram *all,
                      const struct histogram *missed);
void curve_counts_release(struct curve_counts *counts);

/*
 * Sets the points (x in ms), samples, hits, all and missed of a curve. Bins hold at least 100
 * samples and are at least 1/64 of their beginning wide; `coarse`: 1000 and 1/16, for the many
 * curves of reader and writer together.
 */
void curve_fill(struct metric_curve *curve, struct arena *arena, const struct curve_counts *counts,
                bool coarse);

/*
 * The least t from which on every bin has P(fresh) >= per_thousand / 1000, bins of at least
 * max(100, 10 / (1 - p)) samples. Returns the number of samples, or 0 when it is not defined:
 * fewer samples than one bin needs, or the last bin below p. per_thousand < 1000.
 */
uint64_t curve_visible(const struct curve_counts *counts, uint32_t per_thousand, int64_t *t_ns);

/* The metrics that are read off a curve. */
enum { CURVE_RULES = 4 };
struct curve_rule {
    const char *name;
    uint32_t per_thousand;
};
extern const struct curve_rule curve_rules[CURVE_RULES];

/* What curve_visible() says by each rule. */
struct curve_visibility {
    uint64_t samples[CURVE_RULES];
    int64_t t_ns[CURVE_RULES];
};
struct curve_visibility curve_visibility_of(const struct curve_counts *counts);

#endif
