#include "sim/normal_quantile.h"

#include "sim/portable_math.h"

struct ratio {
    double above[8], below[8]; /* from the constant term up */
};

/* Of (u - 1/2)^2 in 0..0.425^2: the quantile over u - 1/2, to 7e-15. */
static const struct ratio middle = {
    {0x1.40d931ff62706p+1, -0x1.30f3ecdaa1eb1p+5, 0x1.cf6142ecb397p+7, -0x1.652958ff23b94p+9,
     0x1.238bd5c794f12p+10, -0x1.da2093b7eb31p+9, 0x1.36b20e03a1083p+8, -0x1.389a207d220adp+4},
    {0x1p+0, -0x1.0412836d7ef1bp+4, 0x1.ac994d1a171ddp+6, -0x1.6dff960290e8cp+8,
     0x1.564ba76aa66bp+9, -0x1.526ba7ece642cp+9, 0x1.32d5baaacea1bp+8, -0x1.52c800417deabp+5}};

/* Of t = -log(p) in 2.5..9.5 and 9.5..38: minus the quantile of p, to 8e-14. */
static const struct ratio tail = {
    {-0x1.e53eea2d15ea2p+0, -0x1.4b14320c807fdp+2, 0x1.1bdcd57d82d13p+2, 0x1.048c0e21f7a74p+3,
     0x1.4b7fdfee3cfcdp+1, 0x1.03fe9a133ecccp-2, 0x1.eb80926a192fp-8, 0x1.82729724a1793p-15},
    {0x1p+0, 0x1.e1f16ff2e69f6p+2, 0x1.58d93f8e721e3p+3, 0x1.2d678159233eap+2, 0x1.6fbde59728686p-1,
     0x1.31843f515295ap-5, 0x1.17918630beb96p-11, 0x1.f0b7f087dbdbap-21}};
static const struct ratio far_tail = {
    {-0x1.3e048cdba83b6p+0, 0x1.81f727eb3436dp-1, 0x1.5e3e08f0ccdf9p+0, 0x1.374b498ef7693p-2,
     0x1.4e836ff17fea8p-6, 0x1.e9b7ccfbb81d9p-12, 0x1.c018721adfb4cp-19, 0x1.5b1ae00e7bcf8p-28},
    {0x1p+0, 0x1.ce7bdcf2d8ae6p+0, 0x1.4357857084b58p-1, 0x1.164704f383ffcp-4, 0x1.4fd8dc85b5933p-9,
     0x1.14cc8873d52cbp-15, 0x1.f77354668a08ap-24, 0x1.bcc69338b2f3dp-35}};

/* By pairs (Estrin), which a processor can work on at the same time. */
static double polynomial(const double *c, double x)
{
    const double x2 = x * x, x4 = x2 * x2;
    return ((c[0] + c[1] * x) + (c[2] + c[3] * x) * x2) +
           ((c[4] + c[5] * x) + (c[6] + c[7] * x) * x2) * x4;
}

static double ratio_at(const struct ratio *ratio, double x)
{
    return polynomial(ratio->above, x) / polynomial(ratio->below, x);
}

double normal_quantile(double u)
{
    const double q = u - 0.5;
    const double q2 = q * q;
    if (__builtin_expect(q2 <= 0.180625, 1)) {
        return q * ratio_at(&middle, q2);
    }
    const double t = -portable_log(q < 0.0 ? u : 1.0 - u);
    const double size = ratio_at(t < 9.5 ? &tail : &far_tail, t);
    return q < 0.0 ? -size : size;
}
