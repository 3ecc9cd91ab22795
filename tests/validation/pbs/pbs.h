/*
 * pbs.h - the quorum strategy, message by message, against probabilistically bounded staleness:
 * the scenario files of scenarios/pbs, every R and W of three copies.
 *
 * Judge:      wars.h. Its own error, of 1e6 trials, is less than 0.1 % of any P(stale) that is
 *             judged where it is rare, and is in the bounds; its latencies are exact.
 * Bounds:     P(fresh at t) within half a point (and within five standard errors, where that is
 *             less); the 99.9 % quantile q of each latency within 2 %: at least 0.1 % of the
 *             operations take longer than 0.98 q and at most 0.1 % longer than 1.02 q; the t with
 *             P(fresh) = 99.9 % within 5 %: at t the share of stale reads is between those that
 *             the model has 5 % later and 5 % earlier.
 * Confidence: each bound must be four standard errors or more from what the model says, or the
 *             test fails as too small a sample. The distances, which the test prints, add up over
 *             all 97 one-sided checks of the three setups to a chance of 0.0006: a correct program
 *             fails for one seed in 1,600.
 * Samples:    a share p of n operations has the standard error sqrt(p (1-p) / n). A quantile's is
 *             sqrt(p (1-p) / n) / density (Bahadur): where the tail falls as x^-a, 1 / (a sqrt(p
 *             n)) of it. An exponential tail needs 0.8 to 1.5 million operations; the disk's writes
 *             fall as x^-1.51 and need 18 million (W = 3; WAN, W = 1: 13.6 million). Those have
 *             runs of their own without reads.
 * Smaller:    GEODES_TEST_SAMPLE in the environment is the share of these samples: 1 in an
 *             optimised build of gcc, 0.1 in others (which give the same bytes, see
 *             tests/determinism), 0.005 under a sanitizer (which looks for errors of memory). Below
 *             1 a bound is the one above or four standard errors, whichever is more. Seeds other
 *             than 1: GEODES_TEST_SEED.
 * Cost:       full samples: SSD 12 s, disk 45 s, WAN 29 s of a core of a busy machine.
 */
#ifndef TESTS_VALIDATION_PBS_PBS_H
#define TESTS_VALIDATION_PBS_PBS_H

#include "tests/validation/pbs/wars.h"

#include <stdbool.h>

enum { PBS_TIMES_MAX = 4 };

/* One run of the simulator. */
struct pbs_run {
    int r, w;
    double writes;
    /* Each write is read once, one of these times after its acknowledgement; none: never. */
    int times;
    double times_ms[PBS_TIMES_MAX];
    bool visible; /* the only time is the exact t with P(fresh) = 99.9 % */
};

/* Runs all and judges P(fresh), the exact t, and the latencies of all runs together. */
void pbs_judge(enum wars_setup setup, const struct pbs_run *runs, int count);

/* A row of the paper's table 4 with the exact t and P(fresh) at t = 0; below 0: not published. */
struct pbs_published {
    int r, w;
    double read_ms, write_ms, t_ms, fresh;
};

/* The judge agrees with the paper, and its two methods with each other. */
void pbs_judge_the_judge(enum wars_setup setup, const struct pbs_published *rows, int count);

#endif
