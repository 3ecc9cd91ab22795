/*
 * The elementary functions against libm's long double, whose own error is under 1/1000 of the ulp
 * that counts here. Each prints the largest error it met and the argument.
 */
#include "sim/normal_quantile.h"
#include "sim/portable_math.h"
#include "sim/random.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { POINTS = 1000000 };

struct worst {
    double ulps, at;
};

static struct random_stream stream_of(uint32_t index)
{
    struct random_stream stream;
    random_stream_init(&stream, 2026, 1, index);
    return stream;
}

/* The distance in units of the last place of the true value. */
static void compare(struct worst *worst, double at, double got, long double truth)
{
    const double rounded = fabs((double)truth);
    const double ulp = nextafter(rounded, PORTABLE_INFINITY) - rounded;
    const double ulps = (double)(fabsl((long double)got - truth) / (long double)ulp);
    if (!(ulps <= worst->ulps)) {
        *worst = (struct worst){ulps, at};
    }
}

static void assert_within(const char *name, struct worst worst, double limit)
{
    print_message("%s: at most %.4f ulp (limit %g), at %a\n", name, worst.ulps, limit, worst.at);
    assert_true(worst.ulps <= limit);
}

/* Any positive double from its bits, subnormal ones included. */
static double any_positive(struct random_stream *stream)
{
    const uint64_t bits = random_below(stream, UINT64_C(0x7ff0000000000000));
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void test_log(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(1);
    struct worst worst = {0}, near_one = {0}, units = {0};
    for (int i = 0; i < POINTS; i++) {
        const double any = any_positive(&stream), u = random_unit(&stream);
        const double near = 1.0 + (u - 0.5) * (i % 2 ? 1.5 : 0.02), above = 1.0 + i * DBL_EPSILON;
        compare(&worst, any, portable_log(any), logl((long double)any));
        compare(&near_one, near, portable_log(near), logl((long double)near));
        compare(&near_one, above, portable_log(above), logl((long double)above));
        const long double truth = logl((long double)u);
        const double error =
            (double)fabsl((long double)portable_log_unit(u) / truth - 1.0L) * 0x1p53;
        units = error > units.ulps ? (struct worst){error, u} : units;
    }
    assert_within("log, any double", worst, 1.0);
    assert_within("log near 1", near_one, 1.0);
    assert_within("log_unit (2^-53 relative)", units, 1024.0);
}

static void test_log_at_the_edges(void **state)
{
    (void)state;
    static const double points[] = {DBL_TRUE_MIN,
                                    3 * DBL_TRUE_MIN,
                                    DBL_MIN,
                                    DBL_MIN - DBL_TRUE_MIN,
                                    DBL_MAX,
                                    1.0 - DBL_EPSILON / 2,
                                    1.0 + DBL_EPSILON,
                                    1.0 - DBL_EPSILON,
                                    2.0,
                                    0.5,
                                    1.0 + 53.0 / 128,
                                    1.0 + 105.0 / 256,
                                    1.0 + 1.0 / 256,
                                    1.0 - 1.0 / 512,
                                    2.718281828459045};
    struct worst worst = {0};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        compare(&worst, points[i], portable_log(points[i]), logl((long double)points[i]));
    }
    assert_within("log, edges", worst, 1.0);
    assert_true(portable_log(1.0) == 0.0);
    assert_true(portable_log(0.0) == -PORTABLE_INFINITY);
    assert_true(portable_log(-0.0) == -PORTABLE_INFINITY);
    assert_true(portable_log(PORTABLE_INFINITY) == PORTABLE_INFINITY);
    assert_true(isnan(portable_log(-1.0)));
    assert_true(isnan(portable_log(-PORTABLE_INFINITY)));
    assert_true(isnan(portable_log(PORTABLE_NAN)));
}

static void test_exp(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(2);
    struct worst wide = {0}, small = {0}, subnormal = {0};
    for (int i = 0; i < POINTS; i++) {
        const double u = random_unit(&stream), v = random_unit(&stream);
        const double x = (u - 0.5) * 1416.0, y = (u - 0.5) * (i % 2 ? 2.0 : 1e-9);
        const double low = -745.13 + 40.0 * v;
        compare(&wide, x, portable_exp(x), expl((long double)x));
        compare(&small, y, portable_exp(y), expl((long double)y));
        compare(&subnormal, low, portable_exp(low), expl((long double)low));
    }
    assert_within("exp", wide, 1.0);
    assert_within("exp near 0", small, 1.0);
    assert_within("exp, subnormal results", subnormal, 1.0);
}

static void test_exp_at_the_edges(void **state)
{
    (void)state;
    static const double points[] = {709.0,
                                    709.5,
                                    709.7827128933839,
                                    -708.0,
                                    -708.5,
                                    -708.39641853,
                                    -745.13,
                                    -745.1332191019411,
                                    1e-300,
                                    -1e-300,
                                    DBL_TRUE_MIN,
                                    0.5,
                                    -0.5,
                                    1.0};
    struct worst worst = {0};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        compare(&worst, points[i], portable_exp(points[i]), expl((long double)points[i]));
    }
    assert_within("exp, edges", worst, 1.0);
    assert_true(portable_exp(0.0) == 1.0);
    assert_true(portable_exp(-0.0) == 1.0);
    assert_true(portable_exp(709.782712893385) == PORTABLE_INFINITY);
    assert_true(portable_exp(1e300) == PORTABLE_INFINITY);
    assert_true(portable_exp(PORTABLE_INFINITY) == PORTABLE_INFINITY);
    assert_true(portable_exp(-745.2) == 0.0);
    assert_true(portable_exp(-PORTABLE_INFINITY) == 0.0);
    assert_true(isnan(portable_exp(PORTABLE_NAN)));
}

/* libm's sqrt is correctly rounded, so every bit must agree. */
static void test_sqrt(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(3);
    for (int i = 0; i < POINTS; i++) {
        const double x = any_positive(&stream), square = (double)i * (double)i;
        assert_true(portable_sqrt(x) == sqrt(x));
        assert_true(portable_sqrt(square) == (double)i);
        const double y = nextafter(square, i % 2 ? 0.0 : PORTABLE_INFINITY);
        assert_true(portable_sqrt(y) == sqrt(y));
    }
    static const double points[] = {0.0,
                                    DBL_TRUE_MIN,
                                    DBL_MIN,
                                    DBL_MAX,
                                    4.0 - DBL_EPSILON,
                                    1.0 - DBL_EPSILON / 2,
                                    1.0 + DBL_EPSILON,
                                    PORTABLE_INFINITY};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        assert_true(portable_sqrt(points[i]) == sqrt(points[i]));
    }
    assert_true(signbit(portable_sqrt(-0.0)));
    assert_true(isnan(portable_sqrt(-1.0)));
    assert_true(isnan(portable_sqrt(PORTABLE_NAN)));
}

static void test_log1p_expm1_pow(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(4);
    struct worst log1p_worst = {0}, expm1_worst = {0}, pow_worst = {0};
    for (int i = 0; i < POINTS / 4; i++) {
        const double u = random_unit(&stream), v = random_unit(&stream);
        const double x = i % 3 == 0 ? u * 1e-10 : i % 3 == 1 ? u - 0.999 : u * 1e6;
        compare(&log1p_worst, x, portable_log1p(x), log1pl((long double)x));
        const double y = (u - 0.5) * (i % 2 ? 0.6 : 60.0);
        compare(&expm1_worst, y, portable_expm1(y), expm1l((long double)y));
        const double base = 3.0 * u, power = 40.0 * (v - 0.5);
        struct worst one = {0};
        compare(&one, base, portable_pow(base, power), powl((long double)base, (long double)power));
        one.ulps /= 4.0 + 2.0 * fabs(power * log(base));
        pow_worst = one.ulps > pow_worst.ulps ? one : pow_worst;
    }
    assert_within("log1p", log1p_worst, 3.0);
    assert_within("expm1", expm1_worst, 3.0);
    assert_within("pow, of 4 + 2 |y log x|", pow_worst, 1.0);
    assert_true(portable_pow(0.0, 0.0) == 1.0);
    assert_true(portable_pow(0.0, 2.5) == 0.0);
    assert_true(portable_log1p(0.0) == 0.0);
    assert_true(portable_log1p(-1.0) == -PORTABLE_INFINITY);
    assert_true(portable_expm1(0.0) == 0.0);
}

static void test_circle(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(5);
    struct worst sine = {0}, cosine = {0}, arc = {0}, arc2 = {0}, arcsine = {0};
    for (int i = 0; i < POINTS / 4; i++) {
        const double u = random_unit(&stream), v = random_unit(&stream);
        const double x = (u - 0.5) * (i % 3 == 0 ? 6.4 : i % 3 == 1 ? 2e6 : 0.01);
        compare(&sine, x, portable_sin(x), sinl((long double)x));
        compare(&cosine, x, portable_cos(x), cosl((long double)x));
        const double t = i % 2 ? tan((u - 0.5) * 3.1) : (u - 0.5) * 1e-3;
        compare(&arc, t, portable_atan(t), atanl((long double)t));
        compare(&arc2, u, portable_atan2(v - 0.5, u - 0.5),
                atan2l((long double)(v - 0.5), (long double)(u - 0.5)));
        compare(&arcsine, u, portable_asin(2 * u - 1), asinl((long double)(2 * u - 1)));
    }
    assert_within("sin", sine, 1.0);
    assert_within("cos", cosine, 1.0);
    assert_within("atan", arc, 2.0);
    assert_within("atan2", arc2, 3.0);
    assert_within("asin", arcsine, 3.0);
    const double pi = 0x1.921fb54442d18p+1;
    for (int k = 1; k < 300000; k++) {
        /* Next to a zero the distance to it is what is left of the argument. */
        const long double truth = sinl((long double)(k * pi));
        const double error = (double)fabsl((long double)portable_sin(k * pi) - truth);
        assert_true(error <= 0x1p-90 + 0x1p-53 * (double)fabsl(truth));
    }
    assert_true(portable_atan2(0.0, 0.0) == 0.0);
    assert_true(portable_atan2(0.0, -1.0) == pi);
    assert_true(portable_atan2(1.0, 0.0) == pi / 2);
    assert_true(portable_atan2(-1.0, 0.0) == -pi / 2);
    assert_true(portable_asin(1.0) == pi / 2);
    assert_true(portable_asin(-1.0) == -pi / 2);
    assert_true(isnan(portable_asin(1.5)));
    assert_true(isnan(portable_sin(PORTABLE_INFINITY)));
}

static void test_log_gamma(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(6);
    double worst = 0.0;
    for (int i = 0; i < POINTS / 10; i++) {
        const double x = 170.0 * random_unit(&stream);
        const long double truth = lgammal((long double)x);
        const double error = fabs((double)expm1l((long double)portable_log_gamma(x) - truth));
        worst = error > worst ? error : worst;
    }
    print_message("gamma: relative error at most %.3g\n", worst);
    assert_true(worst < 1e-12);
    assert_true(isnan(portable_log_gamma(0.0)));
}

/* GSL's inverse is good to some 1e-16; the pieces meet at 0.075, 0.925 and exp(-9.5). */
static void test_normal_quantile(void **state)
{
    (void)state;
    static const double edges[] = {0x1p-53, 0x1p-40, 0.075, 0.925, 7.4851829887700e-5, 0.4999};
    struct random_stream stream = stream_of(7);
    double worst = 0.0, at = 0.0;
    for (int i = 0; i < POINTS / 4; i++) {
        const double v = random_unit(&stream);
        const double u = i < 6 ? edges[i] : i % 2 ? v : exp(-36.0 * v);
        const double truth = gsl_cdf_ugaussian_Pinv(u);
        const double error = fabs(normal_quantile(u) - truth) / fabs(truth);
        if (error > worst) {
            worst = error;
            at = u;
        }
        assert_true(normal_quantile(1.0 - u) == -normal_quantile(1.0 - (1.0 - u)));
    }
    print_message("normal quantile: relative error at most %.3g, at %g\n", worst, at);
    assert_true(worst < 2e-13);
    assert_true(normal_quantile(0.5) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_log_at_the_edges),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_exp_at_the_edges),
        cmocka_unit_test(test_sqrt),
        cmocka_unit_test(test_log1p_expm1_pow),
        cmocka_unit_test(test_circle),
        cmocka_unit_test(test_log_gamma),
        cmocka_unit_test(test_normal_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
