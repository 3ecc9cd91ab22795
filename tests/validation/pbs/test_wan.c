/*
 * WAN, all R and W: see pbs.h for judge, bounds and samples.
 */
#include "tests/validation/pbs/pbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

/*
 * Four standard errors of the 99.9 % quantiles need 13.6 million writes with W = 1 (the own
 * datacentre's disk: 55 ms), 3.0 million with W = 3, 1.35 million reads with R = 1 and few others:
 * where a quantile is just beyond a round trip of 150 ms, 2 % less is before it. Of t: 0.35 million
 * reads (R = W = 1) and 0.93 (R = 2).
 */
static void test_wan(void **state)
{
    (void)state;
    static const struct pbs_run runs[] = {
        {1, 1, 520e3, 3, {0, 60, 80}, false}, {1, 1, 360e3, 1, {116.009}, true},
        {1, 2, 100e3, 2, {0, 40}, false},     {1, 3, 430e3, 1, {0}, false},
        {2, 1, 400e3, 3, {0, 5, 15}, false},  {2, 1, 960e3, 1, {30.8899}, true},
        {2, 2, 50e3, 1, {0}, false},          {2, 3, 50e3, 1, {0}, false},
        {3, 1, 50e3, 1, {0}, false},          {3, 2, 50e3, 1, {0}, false},
        {3, 3, 50e3, 1, {0}, false},          {3, 1, 11450e3, 0, {0}, false},
        {3, 3, 2600e3, 0, {0}, false},
    };
    pbs_judge(WARS_WAN, runs, sizeof runs / sizeof runs[0]);
}

static void test_judge_agrees_with_the_paper(void **state)
{
    (void)state;
    static const struct pbs_published rows[] = {
        {1, 1, 3.4, 55.1, 116.0, .3337},
        {1, 2, 3.4, 167.6, -1, .9996},
        {2, 1, 151.3, 56.4, 30.9, .858},
    };
    pbs_judge_the_judge(WARS_WAN, rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_agrees_with_the_paper),
        cmocka_unit_test(test_wan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
