/*
 * comparison.h - pictures of several variants of a scenario, one curve each.
 *
 * Model:     each variant's latency over all regions (reads, writes) and its t-visibility over all
 *            reads (or its probes') are copied while its metric set lasts, and drawn together at
 *            the end: latency_cdf_variants, t_visibility_variants, stale_tail_variants; and what
 * its faults cost (failure_summary.h): failover_variants. Variants that share their seed share
 * their random draws, so that differences come from the variant. Limits:    at most
 * FIGURE_CURVES_MAX curves in a figure; in those of t-visibility the variants with stale reads come
 * first, since the others are a straight line. Order:     that in which variants were added.
 * Errors:    as plots_draw().
 * Ownership: everything is copied; comparison_release() frees it.
 */
#ifndef PLOTS_COMPARISON_H
#define PLOTS_COMPARISON_H

#include "plots/figure.h"
#include "plots/plots.h"

enum { COMPARISON_VARIANTS_MAX = 64 };

struct comparison {
    /* private */
    struct arena arena;
    struct record_layout layout; /* its name only */
    struct figure_variant *variants;
    struct metric_set total; /* nothing but the seed and the duration of the first variant */
    size_t count, replications;
};

/* `title` is the name of the scenario. */
void comparison_init(struct comparison *comparison, const char *title);
void comparison_release(struct comparison *comparison);

/* Further variants than COMPARISON_VARIANTS_MAX are left out. */
void comparison_add(struct comparison *comparison, const char *variant,
                    const struct metric_set *set, size_t replications);

bool comparison_draw(const struct comparison *comparison, const char *directory,
                     const struct plot_options *options, struct plot_report *report);

#endif
