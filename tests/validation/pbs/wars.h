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
 * Method: latency by quadrature. Freshness by Monte Carlo (GSL's generator, libm) in two ways. One
 *         counts the trials with t* > t. The other draws all delays but W of the r copies that are
 *         read, for which it takes the probability: a read is stale iff each of them has W > c + t
 *         + R with c the w-th smallest W+A of the copies that are not read. (Stale copies have W+A
 *         >= W > w_t, so the w copies that acknowledged first are among the others and c = w_t; and
 *         if all have W > c + t + R, again they acknowledge after c, so c = w_t.) W is
 *         independent of R, S and c, so the mean of the product of P(W > c + t + R) is P(stale at
 *         t), with an error that is small where staleness is rare. Nothing of the simulator is
 *         used.
 * Units:  milliseconds.
 */
#ifndef TESTS_VALIDATION_PBS_WARS_H
#define TESTS_VALIDATION_PBS_WARS_H

#include <stddef.h>

enum wars_setup { WARS_SSD, WARS_DISK, WARS_WAN, WARS_SETUPS };
enum { WARS_COPIES = 3 };

struct wars {
    enum wars_setup setup;
    size_t trials;
    float *least[WARS_COPIES + 1][WARS_COPIES + 1]; /* t* of each trial, by [r][w] */
    /* c + R of each trial and each of its r copies, by [r][w]; NULL when r + w > WARS_COPIES */
    double *commit[WARS_COPIES + 1][WARS_COPIES + 1];
};

/* A probability and its standard error. */
struct wars_share {
    double value, error;
};

void wars_run(struct wars *wars, enum wars_setup setup, size_t trials, unsigned long seed);
void wars_release(struct wars *wars);

/* P(stale at t); exactly 0 when r + w > WARS_COPIES. */
struct wars_share wars_stale(const struct wars *wars, int r, int w, double t);

/* The same as the share of the trials with t* > t: the definition. */
struct wars_share wars_counted(const struct wars *wars, int r, int w, double t);

/* Quantile of the time until `need` of the copies have answered a write (or a read). */
double wars_write_ms(enum wars_setup setup, int need, double quantile);
double wars_read_ms(enum wars_setup setup, int need, double quantile);

/* P(that time > ms). */
double wars_write_beyond(enum wars_setup setup, int need, double ms);
double wars_read_beyond(enum wars_setup setup, int need, double ms);

#endif
