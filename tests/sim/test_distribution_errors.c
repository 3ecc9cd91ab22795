/*
 * What `finish` of each kind refuses: the message and the key at fault, one row a mistake; and that
 * the registry is complete, sorted and consistent.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void assert_refused(const char *kind, const void *params, const char *key,
                           const char *message)
{
    const struct param_kind *found = param_registry_find(&distribution_registry, kind);
    assert_non_null(found);
    void *copy = arena_alloc(&arena, 1, found->params_bytes);
    memcpy(copy, params, found->params_bytes);
    const char *at = NULL;
    const char *got = found->finish(copy, &arena, &at);
    print_message("%s: %s: %s\n", kind, at == NULL ? "-" : at, got == NULL ? "accepted" : got);
    assert_non_null(got);
    assert_string_equal(got, message);
    assert_string_equal(at == NULL ? "-" : at, key);
    if (at == NULL) {
        return;
    }
    for (const struct param_spec *row = found->params; row->type != PARAM_END; row++) {
        if (strcmp(row->key, at) == 0) {
            return;
        }
    }
    fail_msg("%s has no row %s", kind, at);
}

static void test_simple_kinds(void **state)
{
    (void)state;
    assert_refused("uniform", &(struct distribution_uniform){2, 2}, "max", "must be above min");
    assert_refused("uniform", &(struct distribution_uniform){3, 2}, "max", "must be above min");
    assert_refused("exponential", &(struct distribution_exponential){0}, "mean", "must be > 0");
    assert_refused("normal", &(struct distribution_normal){1, 0}, "sd", "must be > 0");
    assert_refused("gamma", &(struct distribution_gamma){.mean = 0, .shape = 1}, "mean",
                   "must be > 0");
    assert_refused("gamma", &(struct distribution_gamma){.mean = 1, .shape = 0}, "shape",
                   "must be > 0");
    assert_refused("pareto", &(struct distribution_pareto){0, 1}, "minimum", "must be > 0");
    assert_refused("pareto", &(struct distribution_pareto){1, 0}, "shape", "must be > 0");
    assert_refused("zipf", &(struct distribution_zipf){.count = 0, .theta = 1}, "count",
                   "must be >= 1");
    assert_refused("zipf", &(struct distribution_zipf){.count = 9, .theta = -1}, "theta",
                   "must be >= 0");
}

static void test_alternatives(void **state)
{
    (void)state;
    const char *needs =
        "needs either mean and cv, or median and sigma, above 0 (as a factor: mean 1)";
    assert_refused("lognormal", &(struct distribution_lognormal){.cv = 0.5}, "-", needs);
    assert_refused("lognormal", &(struct distribution_lognormal){.mean = 1, .median = 1, .cv = 0.5},
                   "-", needs);
    assert_refused("lognormal", &(struct distribution_lognormal){.mean = 1}, "cv", "must be > 0");
    assert_refused("lognormal", &(struct distribution_lognormal){.median = 1}, "sigma",
                   "must be > 0");
    assert_refused("lognormal", &(struct distribution_lognormal){.mean = 1, .cv = 1, .sigma = 1},
                   "sigma", "goes with median; mean goes with cv");
    assert_refused("lognormal", &(struct distribution_lognormal){.median = 1, .cv = 1, .sigma = 1},
                   "cv", "goes with mean; median goes with sigma");
    assert_refused("weibull", &(struct distribution_weibull){.shape = 1}, "-",
                   "needs either scale or mean, above 0");
    assert_refused("weibull", &(struct distribution_weibull){.shape = 1, .scale = 1, .mean = 1},
                   "-", "needs either scale or mean, above 0");
    assert_refused("weibull", &(struct distribution_weibull){.scale = 1}, "shape", "must be > 0");
}

static void test_combinations(void **state)
{
    (void)state;
    const struct distribution *normal =
        distribution_make(&arena, "normal", &(struct distribution_normal){0, 1});
    const struct distribution *gamma =
        distribution_make(&arena, "gamma", &(struct distribution_gamma){.mean = 1, .shape = 4});
    assert_refused("shifted", &(struct distribution_shifted){.by = 1}, "of", "is missing");
    assert_refused("truncated", &(struct distribution_truncated){.max = 1}, "of", "is missing");
    assert_refused("truncated", &(struct distribution_truncated){.of = normal, .min = 1, .max = 1},
                   "max", "must be above min");
    assert_refused("truncated", &(struct distribution_truncated){.of = normal, .min = 5, .max = 9},
                   "-", "min..max holds less than one in a million samples");
    assert_refused("truncated", &(struct distribution_truncated){.of = gamma, .min = 3, .max = 9},
                   "-", "min..max holds less than one in twenty samples");
    struct distribution_part parts[] = {{.weight = 1, .of = normal}, {.weight = 0, .of = gamma}};
    assert_refused("mixture", &(struct distribution_mixture){.parts = {parts, 0}}, "parts",
                   "needs at least one part");
    assert_refused("mixture", &(struct distribution_mixture){.parts = {parts, 2}}, "parts",
                   "needs a weight > 0 in every part");
    parts[1] = (struct distribution_part){.weight = 1};
    assert_refused("mixture", &(struct distribution_mixture){.parts = {parts, 2}}, "parts",
                   "needs a distribution in every part");
}

static void test_lists(void **state)
{
    (void)state;
    double huge[] = {1, 2e18}, at[] = {0, 0.5, 1}, values[] = {1, 2, 3};
    assert_refused("empirical", &(struct distribution_empirical){.values = {huge, 0}}, "values",
                   "needs at least one number");
    assert_refused("empirical", &(struct distribution_empirical){.values = {huge, 2}}, "values",
                   "has a number beyond 1e18");
    struct distribution_quantiles params = {.at = {at, 3}, .values = {values, 3}};
    params.at.count = 1;
    assert_refused("quantiles", &params, "at", "needs at least two points");
    params.at.count = 2;
    assert_refused("quantiles", &params, "values", "must have as many numbers as at");
    params.values.count = 2;
    assert_refused("quantiles", &params, "at", "must begin with 0 and end with 1");
    params.at.count = params.values.count = 3;
    at[1] = 0;
    assert_refused("quantiles", &params, "at", "must rise");
    at[1] = 0.5;
    at[0] = 0.25;
    assert_refused("quantiles", &params, "at", "must begin with 0 and end with 1");
    at[0] = 0;
    values[2] = 1.5;
    assert_refused("quantiles", &params, "values", "must not fall");
    values[2] = 2e18;
    assert_refused("quantiles", &params, "values", "has a number beyond 1e18");
}

/* Every row lies inside its struct, and no kind lacks what `list` and a run need. */
static void test_registry(void **state)
{
    (void)state;
    assert_string_equal(distribution_registry.key, "distribution");
    assert_true(distribution_registry.count >= 14);
    for (size_t i = 0; i < distribution_registry.count; i++) {
        const struct param_kind *kind = distribution_registry.kinds[i];
        if (i > 0) {
            assert_true(strcmp(distribution_registry.kinds[i - 1]->name, kind->name) < 0);
        }
        assert_ptr_equal(param_registry_find(&distribution_registry, kind->name), kind);
        assert_true(strlen(kind->summary) > 10);
        assert_true(strlen(kind->source) > 5);
        const struct distribution_ops *ops = (const struct distribution_ops *)(const void *)kind;
        assert_non_null(ops->sample);
        assert_non_null(ops->mean);
        for (const struct param_spec *row = kind->params; row->type != PARAM_END; row++) {
            assert_true(row->offset < kind->params_bytes);
            assert_non_null(row->help);
            assert_true(row->min <= row->max);
        }
    }
    assert_null(param_registry_find(&distribution_registry, "gaussian"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_kinds), cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_combinations), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
