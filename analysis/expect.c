#include "analysis/expect.h"

#include "sim/check.h"

const char *expect_operator_text(enum expect_operator comparison)
{
    static const char *const texts[] = {
        [EXPECT_LESS] = "<",           [EXPECT_LESS_EQUAL] = "<=", [EXPECT_GREATER] = ">",
        [EXPECT_GREATER_EQUAL] = ">=", [EXPECT_EQUAL] = "==",      [EXPECT_NOT_EQUAL] = "!="};
    CHECK(comparison < EXPECT_OPERATOR_COUNT);
    return texts[comparison];
}

const char *expect_state_text(enum expect_state state)
{
    static const char *const texts[] = {[EXPECT_PASS] = "pass",
                                        [EXPECT_FAIL] = "fail",
                                        [EXPECT_INCONCLUSIVE] = "inconclusive",
                                        [EXPECT_NO_SAMPLES] = "no samples"};
    CHECK(state < EXPECT_STATE_COUNT);
    return texts[state];
}

static bool holds(double value, enum expect_operator comparison, double bound)
{
    switch (comparison) {
    case EXPECT_LESS:
        return value < bound;
    case EXPECT_LESS_EQUAL:
        return value <= bound;
    case EXPECT_GREATER:
        return value > bound;
    case EXPECT_GREATER_EQUAL:
        return value >= bound;
    case EXPECT_EQUAL:
        return !(value < bound) && !(value > bound);
    case EXPECT_NOT_EQUAL:
        return value < bound || value > bound;
    case EXPECT_OPERATOR_COUNT:
        break;
    }
    CHECK(false);
    return false;
}

/*
 * Does the true mean satisfy the threshold? For an order both ends of the interval must agree.
 * Equality is certain only for an interval without width, and refuted by one that does not hold the
 * bound.
 */
static enum expect_state judge_interval(const struct aggregate_interval *interval,
                                        enum expect_operator comparison, double bound)
{
    const bool low = holds(interval->low, comparison, bound);
    const bool high = holds(interval->high, comparison, bound);
    if (comparison != EXPECT_EQUAL && comparison != EXPECT_NOT_EQUAL) {
        return low && high ? EXPECT_PASS : low || high ? EXPECT_INCONCLUSIVE : EXPECT_FAIL;
    }
    const bool has_width = interval->low < interval->high;
    const bool inside = interval->low <= bound && bound <= interval->high;
    if (has_width && inside) {
        return EXPECT_INCONCLUSIVE;
    }
    return inside == (comparison == EXPECT_EQUAL) ? EXPECT_PASS : EXPECT_FAIL;
}

struct expect_verdict expect_evaluate(const struct expect *expect,
                                      const struct metric_results *results)
{
    struct expect_verdict verdict = {.expect = expect, .state = EXPECT_NO_SAMPLES};
    const struct metric *row = aggregate_find(results->merged, expect->definition->name,
                                              expect->labels, expect->label_count, SIZE_MAX);
    if (row != NULL) {
        const size_t index = (size_t)(row - results->merged->metrics);
        verdict.observed_defined =
            aggregate_merged(results, index, expect->aggregate, &verdict.observed);
        verdict.interval = aggregate_across(results, index, expect->aggregate);
    }
    if (!verdict.observed_defined) {
        verdict.state = expect->allow_empty ? EXPECT_PASS : EXPECT_NO_SAMPLES;
    } else if (verdict.interval.count >= 2) {
        verdict.state = judge_interval(&verdict.interval, expect->comparison, expect->bound);
    } else {
        verdict.state =
            holds(verdict.observed, expect->comparison, expect->bound) ? EXPECT_PASS : EXPECT_FAIL;
    }
    return verdict;
}

enum expect_state expect_worst(const struct expect_verdict *verdicts, size_t count)
{
    static const unsigned rank[] = {
        [EXPECT_PASS] = 0, [EXPECT_INCONCLUSIVE] = 1, [EXPECT_NO_SAMPLES] = 2, [EXPECT_FAIL] = 3};
    enum expect_state worst = EXPECT_PASS;
    for (size_t i = 0; i < count; i++) {
        if (rank[verdicts[i].state] > rank[worst]) {
            worst = verdicts[i].state;
        }
    }
    return worst;
}
