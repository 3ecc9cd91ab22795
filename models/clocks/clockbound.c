/*
 * clockbound.c - AWS ClockBound on an instance with a PTP hardware clock.
 *
 * Model:   that of promised.h: a sawtooth of 15 to 65 us, 40 us in the mean.
 * Source:  +- 40 us in practice (README of the clockbound package, PyPI); "low double-digit
 *          microsecond range" ("It's About Time: Microsecond-Accurate Clocks on Amazon EC2", AWS
 *          Compute Blog, November 2023). drift_ppm: 50 ppm, which ClockBound recommends to allow
 *          for (aws/clock-bound, README of clock-bound-d). interval: poll 0, 1 s (`chronyc sources`
 *          on such an instance, GitHub gist of sarfarazahmad89, 2024-01-09). epsilon: what is left
 *          (assumption: 40 us is the mean of the sawtooth).
 */
#include "models/clocks/promised.h"

static const struct param_spec rows[] = {PROMISED_ROWS("15us", "50", "1s"), {0}};

const struct clock_ops clock_clockbound_ops =
    PROMISED_OPS("clockbound", "AWS ClockBound with a PTP hardware clock: promises about 40 us",
                 "README of clockbound (PyPI): +- 40 us; aws/clock-bound: 50 ppm", rows);
