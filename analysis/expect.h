/*
 * expect.h - what a scenario promises about its results, and whether it came out so.
 *
 * Model:     "staleness_ms{reader:eu-west-1}": ["p(99)<500"]. The key selects one row of a metric:
 *            the one with exactly these labels. The threshold is AGGREGATION OPERATOR NUMBER, in
 *            the manner of k6; the number is in the metric's unit. Aggregations: aggregate.h.
 * Verdict:   one replication: pass or fail by the observed number. Several: by the 95 % interval
 *            over replications; pass or fail when all of it is on one side, else inconclusive. No
 *            samples is a verdict of its own, because a promise about nothing is a mistake; with
 *            allow_empty it passes.
 * Errors:    expect_parse() returns false and says what, where (offset of the byte) and what was
 *            meant; it needs only the catalogue and the layout, so that `check` can call it without
 *            a run.
 * Order:     verdicts stand in the order of the expectations.
 * Ownership: texts come from the arena given to expect_parse().
 * Source:    k6 documentation, "Thresholds"; the differences are deliberate.
 */
#ifndef ANALYSIS_EXPECT_H
#define ANALYSIS_EXPECT_H

#include "analysis/aggregate.h"
#include "sim/record.h"

enum expect_operator {
    EXPECT_LESS,
    EXPECT_LESS_EQUAL,
    EXPECT_GREATER,
    EXPECT_GREATER_EQUAL,
    EXPECT_EQUAL,
    EXPECT_NOT_EQUAL,
    EXPECT_OPERATOR_COUNT
};

enum expect_state {
    EXPECT_PASS,
    EXPECT_FAIL,
    EXPECT_INCONCLUSIVE,
    EXPECT_NO_SAMPLES,
    EXPECT_STATE_COUNT
};

struct expect {
    const struct metric_definition *definition;
    struct metric_label labels[METRIC_LABELS_MAX];
    uint32_t label_count;
    struct aggregate aggregate;
    enum expect_operator comparison;
    double bound;
    bool allow_empty;
    const char *selector, *threshold; /* as written */
};

struct expect_source {
    const char *selector, *threshold;
    bool allow_empty;
};

/* Where names are looked up. `catalogue` ends with a NULL name. */
struct expect_scope {
    const struct metric_definition *catalogue;
    const struct record_layout *layout;
};

struct expect_error {
    char text[320]; /* lower case, one line, with the value and, when near, the word that was meant
                     */
    bool in_threshold; /* false: in the selector */
    size_t offset;     /* in bytes */
};

struct expect_verdict {
    const struct expect *expect;
    enum expect_state state;
    bool observed_defined;
    double observed;                    /* of the merged set */
    struct aggregate_interval interval; /* of the replications, when there are several */
};

bool expect_parse(struct expect *expect, const struct expect_source *source,
                  const struct expect_scope *scope, struct arena *arena,
                  struct expect_error *error);

struct expect_verdict expect_evaluate(const struct expect *expect,
                                      const struct metric_results *results);

const char *expect_operator_text(enum expect_operator comparison);
const char *expect_state_text(enum expect_state state); /* "pass", "fail", ... */

/* The worst of several for the exit code: fail and no samples before inconclusive before pass. */
enum expect_state expect_worst(const struct expect_verdict *verdicts, size_t count);

#endif
