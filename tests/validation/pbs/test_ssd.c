/*
 * LNKD-SSD, all R and W: see pbs.h for judge, bounds and samples.
 */
#include "tests/validation/pbs/pbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

/* Four standard errors of the 99.9 % quantiles need 0.8 (one answer of three), 1.5 (two) and 0.95
 * (three) million operations; of t, 0.71 and 0.79 million reads. */
static void test_ssd(void **state)
{
    (void)state;
    static const struct pbs_run runs[] = {
        {1, 1, 120e3, 3, {0, .2, 1}, false}, {1, 1, 730e3, 1, {1.96829}, true},
        {1, 2, 120e3, 3, {0, .2, 1}, false}, {1, 2, 820e3, 1, {1.85375}, true},
        {1, 3, 50e3, 1, {0}, false},         {2, 1, 120e3, 3, {0, .2, 1}, false},
        {2, 2, 500e3, 1, {0}, false},        {2, 3, 960e3, 1, {0}, false},
        {3, 1, 820e3, 1, {0}, false},        {3, 2, 150e3, 1, {0}, false},
        {3, 3, 50e3, 1, {0}, false},
    };
    pbs_judge(WARS_SSD, runs, sizeof runs / sizeof runs[0]);
}

static void test_judge_agrees_with_the_paper(void **state)
{
    (void)state;
    static const struct pbs_published rows[] = {
        {1, 1, .66, .66, 1.97, .9736},
        {1, 2, .66, 1.63, 1.85, -1},
        {2, 1, 1.63, .65, -1, .9994},
    };
    pbs_judge_the_judge(WARS_SSD, rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_agrees_with_the_paper),
        cmocka_unit_test(test_ssd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
