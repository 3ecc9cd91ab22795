/*
 * clockbound_ntp.c - AWS ClockBound on an instance with the link-local NTP service.
 *
 * Model:   that of promised.h: a sawtooth of 0.5 to 1.3 ms.
 * Source:  +- 500 us to 2 ms in practice (README of the clockbound package, PyPI). drift_ppm: 50
 *          ppm, which ClockBound recommends to allow for (aws/clock-bound, README of
 *          clock-bound-d). interval: poll 4, 16 s (`chronyc sources` on an instance, GitHub gist of
 *          sarfarazahmad89, 2024-01-09), in which the bound grows by 0.8 ms.
 */
#include "models/clocks/promised.h"

static const struct param_spec rows[] = {PROMISED_ROWS("500us", "50", "16s"), {0}};

const struct clock_ops clock_clockbound_ntp_ops =
    PROMISED_OPS("clockbound_ntp", "AWS ClockBound with its NTP service: promises 0.5 to 1.3 ms",
                 "README of clockbound (PyPI): +- 500 us to 2 ms; aws/clock-bound: 50 ppm", rows);
