/*
 * portable_math.h - elementary functions with the same bits on every machine.
 *
 * libm picks its variants by processor, so exp(x) may differ in its last bit between two machines.
 * These use only + - * / and moves of integers, which IEEE 754 fixes bit by bit.
 *
 * Method:  log and exp by tables of 128 cells and a short Taylor series (Tang, ACM TOMS 15(2) 1989
 *          and 16(4) 1990); the tables and coefficients are our own. The other methods stand with
 *          the functions.
 * Errors:  none; like libm, bad arguments give NAN and large results infinity. portable_sin and
 *          portable_cos CHECK |x| <= 2^20.
 * Cost:    log and exp about 5 ns; the others are for setting up, not for each event.
 */
#ifndef SIM_PORTABLE_MATH_H
#define SIM_PORTABLE_MATH_H

#include <math.h> /* for these two only */

#define PORTABLE_NAN      ((double)NAN)
#define PORTABLE_INFINITY ((double)INFINITY)

double portable_log(double x); /* at most 1 ulp off */

/* log of a normal positive number such as a uniform, 1 ns faster: relative error under 2^-43. */
double portable_log_unit(double x);

double portable_exp(double x);   /* at most 1 ulp off, subnormal results included */
double portable_sqrt(double x);  /* correctly rounded */
double portable_log1p(double x); /* log(1 + x), at most 3 ulp off */
double portable_expm1(double x); /* exp(x) - 1, at most 3 ulp off */

/*
 * x^y for x >= 0 as exp(y log x): at most 4 + 2 |y log x| ulp off, which is some 1e-15 for the
 * exponents of laws of chance. pow(0, 0) is 1; a negative x gives NAN.
 */
double portable_pow(double x, double y);

double portable_sin(double x);             /* |x| <= 2^20 radians, at most 1 ulp or 2^-90 off */
double portable_cos(double x);             /* the same; 2^-90 counts next to the zeros only */
double portable_atan(double x);            /* at most 2 ulp off */
double portable_atan2(double y, double x); /* -pi..pi, at most 3 ulp off; atan2(0, 0) is 0 */
double portable_asin(double x);            /* -1 <= x <= 1, at most 3 ulp off */
double portable_log_gamma(double x); /* x > 0; relative error of gamma(x) under 1e-12 to x = 170 */

#endif
