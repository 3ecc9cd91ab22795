/*
 * wars.h - the WARS model, written down a second time from its definition.
 *
 * Model:  one write, then one read that starts t after the write's commit. Per copy i four
 *         independent delays: W (write), A (acknowledgement), R (read), S (answer). The write
 *         commits at w_t, the w-th smallest W+A; the read takes the r copies with the smallest R+S;
 *         copy i answers fresh iff w_t + t + R[i] >= W[i], and the read is fresh iff any of them
 *         does. So each trial has one t* = min over the r copies of (W - R), minus w_t, and
 *         P(stale at t) = P(t* > t).
 * Source: Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", VLDB
 *         2012, sections 4.1 and 5.1, table 3.
 * Method: freshness by plain Monte Carlo (GSL's generator, libm), latency by quadrature. Nothing of
 *         the simulator is used.
 * Units:  milliseconds.
 */
#ifndef TESTS_VALIDATION_PBS_WARS_H
#define TESTS_VALIDATION_PBS_WARS_H

#include <stddef.h>

enum wars_setup { WARS_SSD, WARS_DISK, WARS_WAN, WARS_SETUPS };
enum { WARS_COPIES = 3 };

struct wars {
    size_t trials;
    float *least[WARS_COPIES + 1][WARS_COPIES + 1]; /* t* of each trial, by [r][w] */
};

void wars_run(struct wars *wars, enum wars_setup setup, size_t trials, unsigned long seed);
void wars_release(struct wars *wars);

/* Share of the trials with t* > t. */
double wars_stale(const struct wars *wars, int r, int w, double t);

/* The t with P(stale at t) = share. */
double wars_visible(const struct wars *wars, int r, int w, double share);

/* Quantile of the time until `need` of the copies have answered a write (or a read). */
double wars_write_ms(enum wars_setup setup, int need, double quantile);
double wars_read_ms(enum wars_setup setup, int need, double quantile);

#endif
