#include "tests/validation/pbs/wars.h"

#include <gsl/gsl_integration.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define WAN_MS 75.0

/* share * Pareto(minimum, shape) + (1 - share) * Exp(rate): table 3 of the paper. */
struct leg {
    double share, minimum, shape, rate;
};

static const struct leg ssd = {.9122, .235, 10, 1.66};
static const struct leg disk = {.38, 1.05, 1.51, .183};

static const struct leg *write_leg(enum wars_setup setup)
{
    return setup == WARS_SSD ? &ssd : &disk;
}

static double draw(const struct leg *leg, gsl_rng *rng)
{
    const bool pareto = gsl_rng_uniform(rng) < leg->share;
    const double u = gsl_rng_uniform_pos(rng);
    return pareto ? leg->minimum * pow(u, -1.0 / leg->shape) : -log(u) / leg->rate;
}

/* Sorts copies by their keys; three need three comparisons. */
static void sort(int order[WARS_COPIES], const double key[WARS_COPIES])
{
    for (int i = 0; i < WARS_COPIES; i++) {
        order[i] = i;
        for (int j = i; j > 0 && key[order[j]] < key[order[j - 1]]; j--) {
            const int swapped = order[j];
            order[j] = order[j - 1];
            order[j - 1] = swapped;
        }
    }
}

static void trial(struct wars *wars, size_t number, enum wars_setup setup, gsl_rng *rng)
{
    double write[WARS_COPIES], written[WARS_COPIES], read[WARS_COPIES], answered[WARS_COPIES];
    double to_writer[WARS_COPIES];
    const unsigned long writer = gsl_rng_uniform_int(rng, WARS_COPIES);
    const unsigned long reader = gsl_rng_uniform_int(rng, WARS_COPIES);
    for (unsigned long i = 0; i < WARS_COPIES; i++) {
        to_writer[i] = setup == WARS_WAN && i != writer ? WAN_MS : 0.0;
        const double to_reader = setup == WARS_WAN && i != reader ? WAN_MS : 0.0;
        write[i] = draw(write_leg(setup), rng) + to_writer[i];
        written[i] = write[i] + draw(&ssd, rng) + to_writer[i];
        read[i] = draw(&ssd, rng) + to_reader;
        answered[i] = read[i] + draw(&ssd, rng) + to_reader;
    }
    int commits[WARS_COPIES], answers[WARS_COPIES];
    sort(commits, written);
    sort(answers, answered);
    double soonest = HUGE_VAL;
    for (int r = 1; r <= WARS_COPIES; r++) {
        const int copy = answers[r - 1];
        soonest = fmin(soonest, write[copy] - read[copy]);
        for (int w = 1; w <= WARS_COPIES; w++) {
            wars->least[r][w][number] = (float)(soonest - written[commits[w - 1]]);
        }
        double others[WARS_COPIES];
        int order[WARS_COPIES];
        for (int i = 0; i < WARS_COPIES; i++) {
            others[answers[i]] = i < r ? HUGE_VAL : written[answers[i]];
        }
        sort(order, others);
        for (int w = 1; w + r <= WARS_COPIES; w++) {
            for (int i = 0; i < r; i++) {
                wars->commit[r][w][number * (size_t)r + (size_t)i] =
                    others[order[w - 1]] + read[answers[i]] - to_writer[answers[i]];
            }
        }
    }
}

void wars_run(struct wars *wars, enum wars_setup setup, size_t trials, unsigned long seed)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, seed);
    *wars = (struct wars){.setup = setup, .trials = trials};
    for (int r = 1; r <= WARS_COPIES; r++) {
        for (int w = 1; w <= WARS_COPIES; w++) {
            wars->least[r][w] = malloc(trials * sizeof(float));
            if (r + w <= WARS_COPIES) {
                wars->commit[r][w] = malloc(trials * (size_t)r * sizeof(double));
            }
        }
    }
    for (size_t i = 0; i < trials; i++) {
        trial(wars, i, setup, rng);
    }
    gsl_rng_free(rng);
}

void wars_release(struct wars *wars)
{
    for (int r = 1; r <= WARS_COPIES; r++) {
        for (int w = 1; w <= WARS_COPIES; w++) {
            free(wars->least[r][w]);
            free(wars->commit[r][w]);
        }
    }
}

struct wars_share wars_counted(const struct wars *wars, int r, int w, double t)
{
    size_t later = 0;
    for (size_t i = 0; i < wars->trials; i++) {
        later += (double)wars->least[r][w][i] > t;
    }
    const double count = (double)wars->trials, share = (double)later / count;
    return (struct wars_share){share, sqrt(share * (1.0 - share) / count)};
}

/* P(leg > x): in the tail with all its digits. */
static double leg_beyond(const struct leg *leg, double x)
{
    if (x <= 0.0) {
        return 1.0;
    }
    const double pareto = x > leg->minimum ? pow(x / leg->minimum, -leg->shape) : 1.0;
    return leg->share * pareto + (1.0 - leg->share) * exp(-leg->rate * x);
}

struct wars_share wars_stale(const struct wars *wars, int r, int w, double t)
{
    if (r + w > WARS_COPIES) {
        return (struct wars_share){0.0, 0.0};
    }
    const struct leg *leg = write_leg(wars->setup);
    const double *commit = wars->commit[r][w];
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < wars->trials; i++) {
        double chance = 1.0;
        for (int copy = 0; copy < r; copy++) {
            chance *= leg_beyond(leg, *commit++ + t);
        }
        sum += chance;
        squares += chance * chance;
    }
    const double count = (double)wars->trials, mean = sum / count;
    return (struct wars_share){mean, sqrt(fmax(squares / count - mean * mean, 0.0) / count)};
}

/* P(leg <= x) and its density. */
static double leg_cdf(const struct leg *leg, double x)
{
    if (x <= 0.0) {
        return 0.0;
    }
    const double pareto = x > leg->minimum ? 1.0 - pow(x / leg->minimum, -leg->shape) : 0.0;
    return leg->share * pareto + (1.0 - leg->share) * -expm1(-leg->rate * x);
}

static double leg_density(const struct leg *leg, double x)
{
    const double pareto =
        x > leg->minimum ? leg->shape / x * pow(x / leg->minimum, -leg->shape) : 0.0;
    return leg->share * pareto + (1.0 - leg->share) * leg->rate * exp(-leg->rate * x);
}

struct sum {
    const struct leg *first, *second;
    double x;
};

static double sum_integrand(double second, void *context)
{
    const struct sum *sum = context;
    return leg_density(sum->second, second) * leg_cdf(sum->first, sum->x - second);
}

/* P(first + second <= x): the kinks of both laws are told to the quadrature. */
static double sum_cdf(const struct leg *first, const struct leg *second, double x)
{
    if (x <= 0.0) {
        return 0.0;
    }
    struct sum sum = {first, second, x};
    gsl_function f = {sum_integrand, &sum};
    double points[5] = {0.0};
    size_t count = 1;
    const double kinks[2] = {fmin(second->minimum, x - first->minimum),
                             fmax(second->minimum, x - first->minimum)};
    for (int i = 0; i < 2; i++) {
        if (kinks[i] > points[count - 1] && kinks[i] < x) {
            points[count++] = kinks[i];
        }
    }
    points[count++] = x;
    gsl_integration_workspace *space = gsl_integration_workspace_alloc(1000);
    double result = 0.0, error = 0.0;
    gsl_integration_qagp(&f, points, count, 1e-12, 1e-10, 1000, space, &result, &error);
    gsl_integration_workspace_free(space);
    return result;
}

/* P(at least `need` of the copies have answered within x): every subset of them, one by one. */
static double enough(enum wars_setup setup, const struct leg *out, int need, double x)
{
    double p[WARS_COPIES];
    for (int i = 0; i < WARS_COPIES; i++) {
        p[i] = sum_cdf(out, &ssd, x - (setup == WARS_WAN && i > 0 ? 2.0 * WAN_MS : 0.0));
    }
    double total = 0.0;
    for (int subset = 0; subset < 1 << WARS_COPIES; subset++) {
        double chance = 1.0;
        int members = 0;
        for (int i = 0; i < WARS_COPIES; i++) {
            const bool in = (subset >> i & 1) != 0;
            chance *= in ? p[i] : 1.0 - p[i];
            members += in;
        }
        total += members >= need ? chance : 0.0;
    }
    return total;
}

static double quantile_ms(enum wars_setup setup, const struct leg *out, int need, double quantile)
{
    double low = 0.0, high = 1e4;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2.0;
        if (enough(setup, out, need, middle) < quantile) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

double wars_write_ms(enum wars_setup setup, int need, double quantile)
{
    return quantile_ms(setup, write_leg(setup), need, quantile);
}

double wars_read_ms(enum wars_setup setup, int need, double quantile)
{
    return quantile_ms(setup, &ssd, need, quantile);
}

double wars_write_beyond(enum wars_setup setup, int need, double ms)
{
    return 1.0 - enough(setup, write_leg(setup), need, ms);
}

double wars_read_beyond(enum wars_setup setup, int need, double ms)
{
    return 1.0 - enough(setup, &ssd, need, ms);
}
