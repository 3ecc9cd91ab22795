/*
 * Each law against the distribution functions of GSL, which shares no code with ours.
 *
 * Per law: Kolmogorov-Smirnov on 200000 samples (critical value 2.32 / sqrt(n): significance 5e-5
 * each, about 1e-3 for the whole file), serial correlation, mean and variance within 4.5 standard
 * errors, and the number of samples beyond the true 99.9 % and 99.99 % quantiles within 4.5
 * standard deviations of its binomial (1000 and 100 expected of a million). The seed is fixed, so a
 * pass stays a pass.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SORTED = 200000, MOMENTS = 300000, TAIL = 1000000, SEED = 2385 };

struct law {
    const char *kind;
    const void *params;
    double (*cdf)(double x);      /* NULL: only moments are compared */
    double (*quantile)(double u); /* NULL: tails are found by bisection of cdf */
    double mean, sd;              /* sd 0: moments are not compared (no variance) */
};

static struct arena arena;
static uint32_t law_count; /* each law draws from streams of its own */

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

static struct random_stream stream_of(uint32_t index)
{
    struct random_stream stream;
    random_stream_init(&stream, SEED, index, law_count);
    return stream;
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* On the shares cdf(x), which must be uniform and not depend on the share before them. */
static void assert_kolmogorov_smirnov(const struct law *law, const struct distribution *sampled)
{
    static double shares[SORTED];
    struct random_stream stream = stream_of(1);
    double distance = 0.0, correlation = 0.0;
    for (int i = 0; i < SORTED; i++) {
        shares[i] = law->cdf(distribution_sample(sampled, &stream));
        correlation += i > 0 ? 12.0 / SORTED * (shares[i] - 0.5) * (shares[i - 1] - 0.5) : 0.0;
    }
    qsort(shares, SORTED, sizeof shares[0], compare_doubles);
    for (int i = 0; i < SORTED; i++) {
        const double below = fabs(shares[i] - (double)i / SORTED);
        const double above = fabs((double)(i + 1) / SORTED - shares[i]);
        distance = fmax(distance, fmax(below, above));
    }
    const double critical = 2.32 / sqrt(SORTED);
    print_message("%s: distance %.6f, critical %.6f, serial correlation %.5f, seed %d\n", law->kind,
                  distance, critical, correlation, SEED);
    assert_true(distance < critical);
    assert_true(fabs(correlation) < 4.5 / sqrt(SORTED));
}

static void assert_moments(const struct law *law, const struct distribution *sampled)
{
    struct random_stream stream = stream_of(2);
    double sum = 0.0, sum2 = 0.0, sum4 = 0.0;
    for (int i = 0; i < MOMENTS; i++) {
        const double z = (distribution_sample(sampled, &stream) - law->mean) / law->sd;
        sum += z;
        sum2 += z * z;
        sum4 += z * z * z * z;
    }
    const double n = MOMENTS, variance = sum2 / n;
    const double error = sqrt((sum4 / n - variance * variance) / n);
    print_message("%s: mean %.3f standard errors off, variance %.5f +- %.5f of the true one\n",
                  law->kind, sum / sqrt(n), variance, error);
    assert_true(fabs(sum / sqrt(n)) < 4.5);
    assert_true(fabs(variance - 1.0) < 4.5 * error);
    const double mean = distribution_mean(sampled);
    assert_true(fabs(mean - law->mean) <= 2e-4 * law->sd);
}

static double quantile_of(const struct law *law, double u)
{
    if (law->quantile != NULL) {
        return law->quantile(u);
    }
    double low = -1e3, high = 1e6;
    for (int i = 0; i < 200; i++) {
        const double middle = (low + high) / 2.0;
        /* Below its support a function of GSL may be NAN. */
        *(law->cdf(middle) >= u ? &high : &low) = middle;
    }
    return high;
}

static void assert_tails(const struct law *law, const struct distribution *sampled)
{
    static const double shares[] = {0.999, 0.9999};
    const double limits[] = {quantile_of(law, shares[0]), quantile_of(law, shares[1])};
    struct random_stream stream = stream_of(3);
    int beyond[2] = {0};
    for (int i = 0; i < TAIL; i++) {
        const double x = distribution_sample(sampled, &stream);
        beyond[0] += x > limits[0];
        beyond[1] += x > limits[1];
    }
    for (int i = 0; i < 2; i++) {
        const double expected = TAIL * (1.0 - shares[i]), sd = sqrt(expected * shares[i]);
        print_message("%s: %d beyond %.6g, expected %.0f +- %.1f\n", law->kind, beyond[i],
                      limits[i], expected, sd);
        assert_true(fabs(beyond[i] - expected) < 4.5 * sd);
    }
}

static const struct distribution *made(const struct law *law)
{
    return distribution_make(&arena, law->kind, law->params);
}

static void assert_law(const struct law *law)
{
    const struct distribution *sampled = made(law);
    law_count++;
    struct random_stream stream = stream_of(4);
    for (uint64_t n = 0; n < 1000; n++) {
        assert_int_equal(stream.count, n);
        const double x = distribution_sample(sampled, &stream);
        struct random_stream again = stream_of(4);
        again.count = n;
        assert_true(distribution_sample(sampled, &again) == x);
    }
    assert_kolmogorov_smirnov(law, sampled);
    if (law->sd > 0.0) {
        assert_moments(law, sampled);
    }
    assert_tails(law, sampled);
    if (!distribution_inverts(sampled)) {
        return;
    }
    double last = -(double)INFINITY;
    for (int i = 1; i < 2000; i++) {
        const double u = i / 2000.0, x = distribution_quantile(sampled, u);
        assert_true(x >= last);
        assert_true(fabs(law->cdf(x) - u) < 1e-9);
        last = x;
    }
}

static double uniform_cdf(double x)
{
    return gsl_cdf_flat_P(x, 2.385, 7.19);
}

static double exponential_cdf(double x)
{
    return gsl_cdf_exponential_P(x, 3.7);
}

static double exponential_quantile(double u)
{
    return gsl_cdf_exponential_Pinv(u, 3.7);
}

static double normal_cdf(double x)
{
    return gsl_cdf_gaussian_P(x - 1.5, 2.25);
}

static double normal_inverse(double u)
{
    return 1.5 + gsl_cdf_gaussian_Pinv(u, 2.25);
}

static void test_simple_laws(void **state)
{
    (void)state;
    assert_law(&(struct law){"uniform", &(struct distribution_uniform){2.385, 7.19}, uniform_cdf,
                             NULL, (2.385 + 7.19) / 2, (7.19 - 2.385) / sqrt(12)});
    assert_law(&(struct law){"exponential", &(struct distribution_exponential){3.7},
                             exponential_cdf, exponential_quantile, 3.7, 3.7});
    assert_law(&(struct law){"normal", &(struct distribution_normal){1.5, 2.25}, normal_cdf,
                             normal_inverse, 1.5, 2.25});
}

/* The sigma of cv 0.6 is sqrt(log(1.36)); zeta = log(4.2) - sigma^2 / 2. */
static double lognormal_mean_cdf(double x)
{
    return gsl_cdf_lognormal_P(x, log(4.2) - log(1.36) / 2, sqrt(log(1.36)));
}

static double lognormal_median_cdf(double x)
{
    return gsl_cdf_lognormal_P(x, log(2.5), 0.35);
}

static double lognormal_median_quantile(double u)
{
    return gsl_cdf_lognormal_Pinv(u, log(2.5), 0.35);
}

static void test_lognormal(void **state)
{
    (void)state;
    assert_law(&(struct law){"lognormal", &(struct distribution_lognormal){.mean = 4.2, .cv = 0.6},
                             lognormal_mean_cdf, NULL, 4.2, 4.2 * 0.6});
    const double mean = 2.5 * exp(0.35 * 0.35 / 2);
    assert_law(&(struct law){
        "lognormal", &(struct distribution_lognormal){.median = 2.5, .sigma = 0.35},
        lognormal_median_cdf, lognormal_median_quantile, mean, mean * sqrt(expm1(0.35 * 0.35))});
}

static double gamma_early_cdf(double x)
{
    return gsl_cdf_gamma_P(x, 0.3, 2.0 / 0.3);
}

static double gamma_cdf(double x)
{
    return gsl_cdf_gamma_P(x, 2.5, 3.0 / 2.5);
}

static double gamma_quantile(double u)
{
    return gsl_cdf_gamma_Pinv(u, 2.5, 3.0 / 2.5);
}

static double gamma_late_cdf(double x)
{
    return gsl_cdf_gamma_P(x, 40.0, 5.0 / 40.0);
}

static void test_gamma(void **state)
{
    (void)state;
    assert_law(&(struct law){"gamma", &(struct distribution_gamma){.mean = 2.0, .shape = 0.3},
                             gamma_early_cdf, NULL, 2.0, 2.0 / sqrt(0.3)});
    assert_law(&(struct law){"gamma", &(struct distribution_gamma){.mean = 3.0, .shape = 2.5},
                             gamma_cdf, gamma_quantile, 3.0, 3.0 / sqrt(2.5)});
    assert_law(&(struct law){"gamma", &(struct distribution_gamma){.mean = 5.0, .shape = 40.0},
                             gamma_late_cdf, NULL, 5.0, 5.0 / sqrt(40.0)});
}

static double weibull_early_cdf(double x)
{
    return gsl_cdf_weibull_P(x, 2.0 / tgamma(1.0 + 1.0 / 0.7), 0.7);
}

static double weibull_cdf(double x)
{
    return gsl_cdf_weibull_P(x, 1.9, 3.0);
}

static double pareto_cdf(double x)
{
    return x <= 1.5 ? 0.0 : gsl_cdf_pareto_P(x, 2.7, 1.5);
}

static double pareto_quantile(double u)
{
    return gsl_cdf_pareto_Pinv(u, 2.7, 1.5);
}

static void test_weibull_and_pareto(void **state)
{
    (void)state;
    const double scale = 2.0 / tgamma(1.0 + 1.0 / 0.7);
    assert_law(&(struct law){"weibull", &(struct distribution_weibull){.mean = 2.0, .shape = 0.7},
                             weibull_early_cdf, NULL, 2.0,
                             sqrt(scale * scale * tgamma(1.0 + 2.0 / 0.7) - 4.0)});
    const double mean = 1.9 * tgamma(1.0 + 1.0 / 3.0);
    assert_law(&(struct law){"weibull", &(struct distribution_weibull){.scale = 1.9, .shape = 3.0},
                             weibull_cdf, NULL, mean,
                             sqrt(1.9 * 1.9 * tgamma(1.0 + 2.0 / 3.0) - mean * mean)});
    const struct law pareto = {.kind = "pareto",
                               .params = &(struct distribution_pareto){1.5, 2.7},
                               .cdf = pareto_cdf,
                               .quantile = pareto_quantile};
    assert_law(&pareto);
    assert_true(fabs(distribution_mean(made(&pareto)) - 1.5 * 2.7 / 1.7) < 1e-12);
    const struct distribution_pareto heavy = {1.5, 1.0};
    assert_true(isnan(distribution_mean(distribution_make(&arena, "pareto", &heavy))));
}

static double truncated_normal_cdf(double x)
{
    const double low = normal_cdf(0.5), high = normal_cdf(4.0);
    return x <= 0.5 ? 0.0 : x >= 4.0 ? 1.0 : (normal_cdf(x) - low) / (high - low);
}

static double truncated_gamma_cdf(double x)
{
    const double low = gamma_cdf(2.0), high = gamma_cdf(5.0);
    return x <= 2.0 ? 0.0 : x >= 5.0 ? 1.0 : (gamma_cdf(x) - low) / (high - low);
}

/* The law of what is truncated to 1.., to ..6 and then to 2..5 is that of truncating once. */
static const struct distribution *truncated_thrice(const struct distribution *gamma)
{
    const struct distribution *outer = gamma;
    const double limits[][2] = {{1.0, 1e12}, {-1e12, 6.0}, {2.0, 5.0}};
    for (int i = 0; i < 3; i++) {
        const struct distribution_truncated params = {
            .of = outer, .min = limits[i][0], .max = limits[i][1]};
        outer = distribution_make(&arena, "truncated", &params);
    }
    return outer;
}

static double shifted_gamma_cdf(double x)
{
    return gamma_cdf(x - 10.0);
}

static double shifted_normal_cdf(double x)
{
    return normal_cdf(x + 0.25);
}

static void test_truncated_and_shifted(void **state)
{
    (void)state;
    const struct distribution *normal =
        distribution_make(&arena, "normal", &(struct distribution_normal){1.5, 2.25});
    const struct distribution *gamma =
        distribution_make(&arena, "gamma", &(struct distribution_gamma){.mean = 3.0, .shape = 2.5});
    /* Mean and variance of a truncated normal: Johnson, Kotz, Balakrishnan, section 13.10.1. */
    const double a = (0.5 - 1.5) / 2.25, b = (4.0 - 1.5) / 2.25, root = sqrt(8 * atan(1.0));
    const double fa = exp(-a * a / 2) / root, fb = exp(-b * b / 2) / root;
    const double mass = gsl_cdf_ugaussian_P(b) - gsl_cdf_ugaussian_P(a), shift = (fa - fb) / mass;
    const double sd = 2.25 * sqrt(1 + (a * fa - b * fb) / mass - shift * shift);
    assert_law(&(struct law){"truncated",
                             &(struct distribution_truncated){.of = normal, .min = 0.5, .max = 4.0},
                             truncated_normal_cdf, NULL, 1.5 + 2.25 * shift, sd});
    const struct law once = {
        .kind = "truncated",
        .params = &(struct distribution_truncated){.of = gamma, .min = 2.0, .max = 5.0},
        .cdf = truncated_gamma_cdf};
    assert_law(&once);
    assert_kolmogorov_smirnov(&once, truncated_thrice(gamma));
    assert_law(&(struct law){"shifted", &(struct distribution_shifted){gamma, 10.0},
                             shifted_gamma_cdf, NULL, 13.0, 3.0 / sqrt(2.5)});
    assert_law(&(struct law){"shifted", &(struct distribution_shifted){normal, -0.25},
                             shifted_normal_cdf, NULL, 1.25, 2.25});
}

static double mixture_cdf(double x)
{
    return 0.3 * exponential_cdf(x) + 0.7 * gamma_cdf(x);
}

/* Half of the mixture above, and half of 0.2 normal and 0.8 uniform. */
static double nested_cdf(double x)
{
    return 0.5 * mixture_cdf(x) + 0.5 * (0.2 * normal_cdf(x) + 0.8 * uniform_cdf(x));
}

static void test_mixture(void **state)
{
    (void)state;
    const struct distribution *exponential =
        distribution_make(&arena, "exponential", &(struct distribution_exponential){3.7});
    const struct distribution *gamma =
        distribution_make(&arena, "gamma", &(struct distribution_gamma){.mean = 3.0, .shape = 2.5});
    struct distribution_part parts[] = {{.weight = 3, .of = exponential},
                                        {.weight = 7, .of = gamma}};
    const struct distribution_mixture mixture = {.parts = {parts, 2}};
    const double mean = 0.3 * 3.7 + 0.7 * 3.0;
    const double square = 0.3 * 2 * 3.7 * 3.7 + 0.7 * (9.0 + 9.0 / 2.5);
    assert_law(
        &(struct law){"mixture", &mixture, mixture_cdf, NULL, mean, sqrt(square - mean * mean)});
    struct distribution_part others[] = {
        {.weight = 0.1,
         .of = distribution_make(&arena, "normal", &(struct distribution_normal){1.5, 2.25})},
        {.weight = 0.4,
         .of = distribution_make(&arena, "uniform", &(struct distribution_uniform){2.385, 7.19})}};
    const struct distribution_mixture other = {.parts = {others, 2}};
    struct distribution_part halves[] = {
        {.weight = 1, .of = distribution_make(&arena, "mixture", &mixture)},
        {.weight = 1, .of = distribution_make(&arena, "mixture", &other)}};
    const struct distribution_mixture nested = {.parts = {halves, 2}};
    assert_law(&(struct law){.kind = "mixture", .params = &nested, .cdf = nested_cdf});
}

static double quantiles_cdf(double x)
{
    static const double at[] = {0, 0.5, 0.9, 0.99, 1}, values[] = {1, 4, 9, 30, 100};
    int i = 0;
    while (i < 3 && x > values[i + 1]) {
        i++;
    }
    return fmin(1.0, at[i] + (at[i + 1] - at[i]) * (x - values[i]) / (values[i + 1] - values[i]));
}

static void test_quantiles(void **state)
{
    (void)state;
    double at[] = {0, 0.5, 0.9, 0.99, 1}, values[] = {1, 4, 9, 30, 100};
    const struct distribution_quantiles params = {.at = {at, 5}, .values = {values, 5}};
    const struct law law = {.kind = "quantiles", .params = &params, .cdf = quantiles_cdf};
    assert_law(&law);
    /* 0.5 * 2.5 + 0.4 * 6.5 + 0.09 * 19.5 + 0.01 * 65 */
    assert_true(fabs(distribution_mean(made(&law)) - 6.255) < 1e-12);
}

static double empirical_cdf(double x)
{
    static const double values[] = {-2, 1, 1.5, 4, 10};
    int i = 0;
    while (i < 3 && x > values[i + 1]) {
        i++;
    }
    return fmin(1.0, (i + (x - values[i]) / (values[i + 1] - values[i])) / 4.0);
}

static void test_empirical(void **state)
{
    (void)state;
    double values[] = {4, -2, 10, 1, 1.5};
    struct distribution_empirical params = {.values = {values, 5}, .interpolate = true};
    const struct law law = {.kind = "empirical", .params = &params, .cdf = empirical_cdf};
    assert_law(&law);
    /* (-2 / 2 + 1 + 1.5 + 4 + 10 / 2) / 4 */
    assert_true(fabs(distribution_mean(made(&law)) - 2.625) < 1e-12);
    struct distribution_empirical one = {.values = {values, 1}, .interpolate = true};
    assert_true(distribution_quantile(distribution_make(&arena, "empirical", &one), 0.9) == 4.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_laws),
        cmocka_unit_test(test_lognormal),
        cmocka_unit_test(test_gamma),
        cmocka_unit_test(test_weibull_and_pareto),
        cmocka_unit_test(test_truncated_and_shifted),
        cmocka_unit_test(test_mixture),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_empirical),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
