/*
 * truetime.c - Google's TrueTime as Spanner's paper has it.
 *
 * Model:   that of promised.h: a sawtooth of 1 to 7 ms, 4 ms in the mean.
 * Source:  Corbett et al., "Spanner: Google's Globally-Distributed Database", OSDI 2012, section 3:
 *          poll interval 30 s, applied drift 200 us/s, 1 ms for the way to the time masters.
 */
#include "models/clocks/promised.h"

static const struct param_spec rows[] = {PROMISED_ROWS("1ms", "200", "30s"), {0}};

const struct clock_ops clock_truetime_ops =
    PROMISED_OPS("truetime", "TrueTime (Spanner): promises 1 to 7 ms",
                 "Corbett et al., Spanner, OSDI 2012, section 3", rows);
