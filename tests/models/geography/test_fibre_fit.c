/*
 * test_fibre_fit.c - the calibration of the fibre model against systems solved by hand.
 */
#include "models/geography/fibre_fit.h"

#include "sim/arena.h"
#include "sim/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { OBSERVATIONS_MAX = 800 };

struct fit {
    struct fibre_point points[FIBRE_METROS_MAX];
    struct fibre_observation observations[OBSERVATIONS_MAX];
    struct fibre_sample samples[OBSERVATIONS_MAX];
    struct fibre_survey survey;
    struct fibre_model model;
};

static struct fit *fit_new(void)
{
    struct fit *fit = memory_alloc(1, sizeof *fit);
    fit->survey = (struct fibre_survey){.points = fit->points,
                                        .observations = fit->observations,
                                        .observation_capacity = OBSERVATIONS_MAX};
    return fit;
}

static void fit_solve(struct fit *fit)
{
    double *scratch =
        memory_alloc(fibre_fit_scratch(fit->survey.observation_count), sizeof *scratch);
    const double mean = fibre_fit(&fit->survey, fit->samples, scratch);
    memory_release(scratch);
    fit->model = (struct fibre_model){.points = fit->points,
                                      .point_count = fit->survey.point_count,
                                      .samples = fit->samples,
                                      .sample_count = fit->survey.observation_count,
                                      .mean = mean};
}

static struct geography_place place(const char *name)
{
    return geography_place_of(geography_find(name));
}

static double prior_between_ns(const struct geography_place *from, const struct geography_place *to)
{
    const double km = geography_distance_km(from->latitude_deg, from->longitude_deg,
                                            to->latitude_deg, to->longitude_deg);
    return 3e6 + 2.0 * 2e9 * km / 204190.0;
}

/* One observation: its ratio to the prior is the mean, and so is every ratio. */
static void test_one_observation(void **state)
{
    (void)state;
    struct fit *fit = fit_new();
    const struct geography_place dublin = place("eu-west-1");
    const struct geography_place ashburn = place("us-east-1");
    const struct geography_place tokyo = place("ap-northeast-1");
    fibre_survey_add(&fit->survey, &dublin, &ashburn, 70e6);
    fit_solve(fit);
    const double known = fibre_model_rtt_ns(&fit->model, &ashburn, &dublin);
    const double other = fibre_model_rtt_ns(&fit->model, &tokyo, &ashburn);
    const double ratio = 70e6 / prior_between_ns(&dublin, &ashburn);
    assert_true(fabs(known / 70e6 - 1.0) < 1e-12);
    assert_true(fabs(other / prior_between_ns(&tokyo, &ashburn) / ratio - 1.0) < 1e-12);
    memory_release(fit);
}

/* k of fibre.h by libm and the central angle: the chord is 2 R sin(angle / 2). */
static double similarity(const struct geography_place *a, const struct geography_place *b)
{
    const double km =
        geography_distance_km(a->latitude_deg, a->longitude_deg, b->latitude_deg, b->longitude_deg);
    return exp(-2.0 * 6371.0088 * sin(km / 6371.0088 / 2.0) / 5000.0);
}

/* Two observations of different kinds: the 2 x 2 system by Cramer's rule, with libm. */
static void test_two_observations(void **state)
{
    (void)state;
    struct fit *fit = fit_new();
    const struct geography_place a = place("aws:eu-west-1");
    const struct geography_place b = place("aws:us-east-1");
    const struct geography_place c = place("gcp:europe-west3");
    const struct geography_place d = place("gcp:us-central1");
    fibre_survey_add(&fit->survey, &a, &b, 70e6);
    fibre_survey_add(&fit->survey, &d, &c, 110e6);
    fibre_survey_add(&fit->survey, &c, &d, 112e6); /* the same pair: 111 ms */
    assert_int_equal(fit->survey.observation_count, 2);
    fit_solve(fit);

    const double first = log(70e6 / prior_between_ns(&a, &b));
    const double second = log(111e6 / prior_between_ns(&c, &d));
    const double mean = (first + second) / 2.0;
    const double light_first = (prior_between_ns(&a, &b) - 3e6) / 2.0;
    const double light_second = (prior_between_ns(&c, &d) - 3e6) / 2.0;
    const double noise_first = 0.002 + pow(0.6e6 / (light_first + 2e6), 2.0);
    const double noise_second = 0.002 + pow(0.6e6 / (light_second + 2e6), 2.0);
    const double k11 = 0.16 * (1.0 + pow(similarity(&a, &b), 2.0)) + noise_first;
    const double k22 = 0.16 * (1.0 + pow(similarity(&c, &d), 2.0)) + noise_second;
    const double k12 =
        0.08 * (similarity(&a, &c) * similarity(&b, &d) + similarity(&a, &d) * similarity(&b, &c));
    const double determinant = k11 * k22 - k12 * k12;
    const double weight_first = ((first - mean) * k22 - (second - mean) * k12) / determinant;
    const double weight_second = ((second - mean) * k11 - (first - mean) * k12) / determinant;
    printf("weights %.9f %.9f, expected %.9f %.9f\n", fit->samples[0].weight,
           fit->samples[1].weight, weight_first, weight_second);
    assert_true(fabs(fit->samples[0].weight - weight_first) < 1e-9);
    assert_true(fabs(fit->samples[1].weight - weight_second) < 1e-9);
    assert_true(fabs(fit->samples[1].typical_weight - weight_second / 2.0) < 1e-9);

    /* The prediction for the first pair from the weights. */
    const double r = mean + weight_first * (k11 - noise_first) + weight_second * k12;
    const double expected = prior_between_ns(&a, &b) * exp(r);
    assert_true(fabs(fibre_model_rtt_ns(&fit->model, &a, &b) / expected - 1.0) < 1e-9);
    memory_release(fit);
}

/*
 * Some hundred random observations (seed 11), more than one panel of the factorisation: (K + N) w
 * = r - mean says that the prediction at a sample misses it by exactly its noise times its weight.
 */
static void test_residuals(void **state)
{
    (void)state;
    struct fit *fit = fit_new();
    struct geography_place from[OBSERVATIONS_MAX];
    struct geography_place to[OBSERVATIONS_MAX];
    struct random_stream stream;
    random_stream_init(&stream, 11, 1, 0);
    while (fit->survey.observation_count < 700) {
        const size_t i = fit->survey.observation_count;
        from[i] = geography_place_of(geography_at(random_below(&stream, geography_count())));
        to[i] = geography_place_of(geography_at(random_below(&stream, geography_count())));
        const double rtt_ns =
            prior_between_ns(&from[i], &to[i]) * (0.7 + 0.6 * random_unit(&stream));
        fibre_survey_add(&fit->survey, &from[i], &to[i], rtt_ns);
    }
    fit_solve(fit);
    double worst = 0.0;
    for (size_t i = 0; i < fit->survey.observation_count; ++i) {
        const struct fibre_observation *observation = &fit->observations[i];
        const double relative = 0.6e6 / (geography_light_rtt_ns(observation->distance_km) + 2e6);
        const double noise = 0.002 + relative * relative;
        const double predicted = fibre_model_rtt_ns(&fit->model, &from[i], &to[i]);
        const double expected =
            observation->rtt_sum_ns / observation->rows * exp(-noise * fit->samples[i].weight);
        const double error = fabs(predicted / expected - 1.0);
        worst = error > worst ? error : worst;
    }
    printf("worst residual %.3g over %zu observations\n", worst, fit->survey.observation_count);
    assert_true(worst < 1e-9);
    memory_release(fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_observation),
        cmocka_unit_test(test_two_observations),
        cmocka_unit_test(test_residuals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
