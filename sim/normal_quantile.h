/*
 * normal_quantile.h - the inverse of the standard normal distribution function.
 *
 * Model:  rational functions of degree 7/7, own coefficients: of (u - 1/2)^2 for the middle 85 %,
 *         and of -log(min(u, 1 - u)) for the tails, in two pieces. Each interpolates the inverse
 *         (Newton's method on erfc, 75 digits) at 15 Chebyshev nodes.
 * Errors: relative error under 2e-13 for 2^-54 <= u <= 1 - 2^-54; other u are the caller's bug.
 * Cost:   about 6 ns.
 */
#ifndef SIM_NORMAL_QUANTILE_H
#define SIM_NORMAL_QUANTILE_H

double normal_quantile(double u);

#endif
