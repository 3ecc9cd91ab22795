#include "sim/portable_math.h"

#include "sim/check.h"
#include "sim/portable_math_tables.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

static const double ln2_high = 0x1.62e42fefa38p-1; /* multiple of 2^-42: times 2^11 it is exact */
static const double ln2_low = 0x1.ef35793c7673p-45;

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* An integer of a few thousand at most; conversion instructions wait for older results. */
static double small_integer(int64_t n)
{
    return double_of(UINT64_C(0x4330000000000000) + (uint64_t)(n + 65536)) - (0x1p52 + 65536.0);
}

/*
 * x = 2^k m with m in [1, 2), and i = 1/m to 10 bits: log x = k log 2 - log i + log(1 + r) with
 * r = m i - 1. Cutting m in two makes both products exact, so r is rounded once; k log 2 - log i
 * is exact in its high part. In the cells around 1 the table is 0 and r is exact, so that small
 * logarithms keep their relative precision.
 */
static double log_normal(uint64_t bits, int64_t exponent)
{
    const uint64_t fraction = bits & UINT64_C(0x000fffffffffffff);
    const uint64_t j = (fraction + (UINT64_C(1) << 44)) >> 45;
    const double m = double_of(fraction | UINT64_C(0x3ff0000000000000));
    const double m_high = double_of((fraction | UINT64_C(0x3ff0000000000000)) >> 21 << 21);
    const double inverse = log_table[j].inverse;
    const double k = small_integer(exponent + (j >= 53));
    const double r = (m_high * inverse - 1.0) + (m - m_high) * inverse;
    const double base = k * ln2_high + log_table[j].log_high;
    const double sum = base + r;
    const double rest = (base - sum) + r + (log_table[j].log_low + k * ln2_low);
    const double r2 = r * r;
    /* |r| < 2^-7.8: the first term left out, r^8/8, is under 2^-57 of r. */
    const double series =
        -0.5 + r * (1.0 / 3.0) + r2 * (-0.25 + r * 0.2) + r2 * r2 * (-1.0 / 6.0 + r * (1.0 / 7.0));
    return sum + (rest + r2 * series);
}

double portable_log(double x)
{
    const uint64_t bits = bits_of(x);
    const uint64_t smallest = UINT64_C(0x0010000000000000), infinite = UINT64_C(0x7ff0000000000000);
    if (bits - smallest < infinite - smallest) {
        return log_normal(bits, (int64_t)(bits >> 52) - 1023);
    }
    if (x == 0.0) {
        return -PORTABLE_INFINITY;
    }
    if (bits > infinite) {
        return PORTABLE_NAN;
    }
    if (bits == infinite) {
        return x;
    }
    const uint64_t scaled = bits_of(x * 0x1p54);
    return log_normal(scaled, (int64_t)(scaled >> 52) - 1023 - 54);
}

/* As log_normal(), but r and the sum are rounded once more each. */
double portable_log_unit(double x)
{
    const uint64_t bits = bits_of(x);
    const uint64_t fraction = bits & UINT64_C(0x000fffffffffffff);
    const uint64_t j = (fraction + (UINT64_C(1) << 44)) >> 45;
    const double m = double_of(fraction | UINT64_C(0x3ff0000000000000));
    const double k = small_integer((int64_t)(bits >> 52) - 1023 + (j >= 53));
    const double r = m * log_table[j].inverse - 1.0, r2 = r * r;
    const double series = -0.5 + r * (1.0 / 3.0) + r2 * (-0.25 + r * 0.2 - r2 * (1.0 / 6.0));
    return (k * ln2_high + log_table[j].log_high) +
           (r + (k * ln2_low + log_table[j].log_low + r2 * series));
}

/*
 * x = n log(2)/128 + r: exp x = 2^(n/128) exp(r), with 2^(j/128) from the table. The result is left
 * as scale + scale * part so that the caller rounds once; `shift` is added to the exponent.
 */
static double exp_scaled(double x, int64_t shift)
{
    const double round = 0x1.8p52; /* adding it leaves the nearest integer in the low bits */
    const double shifted = x * 0x1.71547652b82fep+7 + round;
    const double n = shifted - round;
    const uint64_t low = bits_of(shifted);
    const uint64_t j = low & 127;
    const double r = (x - n * 0x1.62e42fefcp-8) - n * -0x1.c610ca86c3899p-44;
    const double r2 = r * r;
    /* |r| < 2^-8.5: the first term left out, r^6/720, is under 2^-60. */
    const double part = exp_table[j].rest + r +
                        r2 * (0.5 + r * (1.0 / 6.0) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0)));
    const double scale =
        double_of(bits_of(exp_table[j].value) + ((low - j) << 45) + ((uint64_t)shift << 52));
    return scale + scale * part;
}

double portable_exp(double x)
{
    if (x > -708.0 && x < 709.0) {
        return exp_scaled(x, 0);
    }
    if (x != x) {
        return PORTABLE_NAN;
    }
    if (x > 710.0) {
        return PORTABLE_INFINITY;
    }
    if (x < -746.0) {
        return 0.0;
    }
    return x > 0.0 ? exp_scaled(x, -2) * 0x1p2 : exp_scaled(x, 128) * 0x1p-128;
}

/*
 * Newton's method for 1/sqrt(x) gives a neighbour of the root; integers choose the right one. With
 * x = X 2^-52 in [1, 4) and the root y = Y 2^-52, "sqrt(x) is above y + ulp/2" is the question
 * whether X 2^54 > (2Y + 1)^2. The difference is small, so 64 bits of it are enough, and it is
 * never zero since one side is odd.
 */
double portable_sqrt(double x)
{
    const uint64_t bits = bits_of(x);
    if (x == 0.0 || bits == UINT64_C(0x7ff0000000000000)) {
        return x;
    }
    if (bits > UINT64_C(0x7ff0000000000000)) {
        return PORTABLE_NAN;
    }
    const int64_t scaled_by = bits >> 52 == 0 ? 54 : 0;
    const uint64_t normal = scaled_by == 0 ? bits : bits_of(x * 0x1p54);
    const int64_t exponent = (int64_t)(normal >> 52) - 1023 - scaled_by;
    const int64_t odd = exponent & 1;
    const uint64_t fraction = (normal & UINT64_C(0x000fffffffffffff)) | UINT64_C(1) << 52;
    const uint64_t big_x = odd ? fraction << 1 : fraction;
    const double m = (double)(int64_t)big_x * 0x1p-52;
    double inverse = double_of(UINT64_C(0x5fe6eb50c7b537a9) - (bits_of(m) >> 1));
    for (int i = 0; i < 4; i++) {
        inverse = inverse * (1.5 - 0.5 * m * inverse * inverse);
    }
    uint64_t y = (uint64_t)(int64_t)(m * inverse * 0x1p52);
    while ((int64_t)((big_x << 54) - (2 * y + 1) * (2 * y + 1)) > 0) {
        y++;
    }
    while ((int64_t)((big_x << 54) - (2 * y - 1) * (2 * y - 1)) < 0) {
        y--;
    }
    const int64_t half = (exponent - odd) / 2;
    return double_of(((uint64_t)(half + 1023) << 52) + (y - (UINT64_C(1) << 52)));
}

double portable_pow(double x, double y)
{
    if (y == 0.0) {
        return 1.0;
    }
    return portable_exp(y * portable_log(x));
}

double portable_log1p(double x)
{
    const double sum = 1.0 + x;
    if (sum == 1.0 || x == PORTABLE_INFINITY) {
        return x;
    }
    /* What rounding 1 + x lost, to first order (Kahan). */
    const double lost = x > 1.0 ? 1.0 - (sum - x) : x - (sum - 1.0);
    return portable_log(sum) + (sum > 0.0 ? lost / sum : 0.0);
}

double portable_expm1(double x)
{
    if (x > -0.25 && x < 0.25) {
        /* Taylor: the first term left out is under 0.25^13 / 14! of x, 2^-62. */
        double sum = 0.0;
        for (int i = 13; i >= 2; i--) {
            sum = (sum + 1.0) * x / i;
        }
        return x + x * sum;
    }
    return portable_exp(x) - 1.0;
}

/* sin and cos of r + rest, |r| <= pi/4, by their Taylor series; what is left out is under 2^-60. */
static double sin_core(double r, double rest)
{
    const double r2 = r * r;
    double sum = 0.0;
    for (int i = 16; i >= 2; i -= 2) {
        sum = (1.0 - sum) * r2 / (i * (i + 1));
    }
    return r + (rest * (1.0 - 0.5 * r2) - r * sum);
}

static double cos_core(double r, double rest)
{
    const double r2 = r * r, half = 0.5 * r2;
    double sum = 0.0;
    for (int i = 17; i >= 3; i -= 2) {
        sum = (1.0 - sum) * r2 / (i * (i + 1));
    }
    /* 1 - half + half * sum, keeping what rounding 1 - half loses. */
    const double near = 1.0 - half;
    return near + (((1.0 - near) - half) + (half * sum - r * rest));
}

/* sin(x + quarters * pi/2), with pi/2 in three parts so that n times the first two is exact. */
static double sin_shifted(double x, uint64_t quarters)
{
    const double limit = 0x1p20, round = 0x1.8p52;
    if (!(x - x == 0.0)) {
        return PORTABLE_NAN;
    }
    CHECK(x >= -limit);
    CHECK(x <= limit);
    const double shifted = x * 0x1.45f306dc9c883p-1 + round;
    const double n = shifted - round;
    /* r + rest: the two products are exact, and so is x minus the first. */
    const double first = x - n * 0x1.921fb544p+0, second = n * 0x1.0b4611a8p-34;
    const double middle = first - second, third = n * -0x1.d9cceba3f91f2p-66;
    const double r = middle - third;
    const double rest = ((first - middle) - second) + ((middle - r) - third);
    const uint64_t quadrant = (bits_of(shifted) + quarters) & 3;
    const double value = quadrant % 2 == 0 ? sin_core(r, rest) : cos_core(r, rest);
    return quadrant < 2 ? value : -value;
}

double portable_sin(double x)
{
    return sin_shifted(x, 0);
}

double portable_cos(double x)
{
    return sin_shifted(x, 1);
}

/*
 * For a in [0, 1] and c the nearest sixteenth: atan a = atan c + atan t, t = (a - c)/(1 + a c), and
 * |t| <= 1/32 needs few terms of the Taylor series (the first left out is t^14/15, under 2^-73).
 */
static double atan_core(double a)
{
    const uint32_t i = (uint32_t)(a * 16.0 + 0.5);
    const double c = (double)i / 16.0;
    const double t = (a - c) / (1.0 + a * c), t2 = t * t;
    double sum = 1.0 / 13.0;
    for (int odd = 11; odd >= 3; odd -= 2) {
        sum = 1.0 / odd - t2 * sum;
    }
    return atan_table[i].high + (atan_table[i].low + (t - t * t2 * sum));
}

double portable_atan(double x)
{
    return portable_atan2(x, 1.0);
}

double portable_atan2(double y, double x)
{
    const double pi_high = 0x1.921fb54442d18p+1, pi_low = 0x1.1a62633145c07p-53;
    if (x != x || y != y) {
        return PORTABLE_NAN;
    }
    if (y == 0.0 && x >= 0.0) {
        return 0.0;
    }
    const double a = x < 0.0 ? -x : x, b = y < 0.0 ? -y : y;
    double angle = 0.0;
    if (a == b) {
        angle = pi_high / 4.0;
    } else if (b < a) {
        angle = atan_core(b / a);
    } else {
        angle = pi_high / 2.0 + (pi_low / 2.0 - atan_core(a / b));
    }
    if (x < 0.0) {
        angle = pi_high + (pi_low - angle);
    }
    return y < 0.0 ? -angle : angle;
}

double portable_asin(double x)
{
    return portable_atan2(x, portable_sqrt((1.0 - x) * (1.0 + x)));
}

/* Stirling's series from 12 on (Abramowitz and Stegun 6.1.41), below by gamma(x) = gamma(x+1)/x. */
double portable_log_gamma(double x)
{
    const double half_log_2_pi = 0x1.d67f1c864beb5p-1;
    if (!(x > 0.0)) {
        return PORTABLE_NAN;
    }
    double product = 1.0;
    while (x < 12.0) {
        product *= x;
        x += 1.0;
    }
    const double inverse = 1.0 / x, inverse2 = inverse * inverse;
    const double series =
        inverse *
        (1.0 / 12 -
         inverse2 *
             (1.0 / 360 -
              inverse2 * (1.0 / 1260 -
                          inverse2 * (1.0 / 1680 -
                                      inverse2 * (1.0 / 1188 - inverse2 * (691.0 / 360360))))));
    return (x - 0.5) * portable_log(x) - x + half_log_2_pi + series - portable_log(product);
}
