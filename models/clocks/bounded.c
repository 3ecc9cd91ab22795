/*
 * bounded.c - a clock with a bound of your own figures.
 *
 * Model:   that of promised.h.
 * Source:  the defaults are those of `truetime`.
 */
#include "models/clocks/promised.h"

static const struct param_spec rows[] = {PROMISED_ROWS("1ms", "200", "30s"), {0}};

const struct clock_ops clock_bounded_ops = PROMISED_OPS(
    "bounded", "promises a bound on its error, which grows until it is synchronised again",
    "the user's numbers; defaults: Corbett et al., Spanner, OSDI 2012, section 3", rows);
