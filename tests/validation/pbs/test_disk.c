/*
 * LNKD-DISK, all R and W: see pbs.h for judge, bounds and samples.
 */
#include "tests/validation/pbs/pbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

/*
 * Four standard errors of the 99.9 % quantiles need 1.2, 1.0 and 18 million writes, 0.8, 1.5
 * and 0.95 million reads; of t, 2.70 million reads (R = W = 1), 2.96 (W = 2) and 0.36 (R = 2).
 */
static void test_disk(void **state)
{
    (void)state;
    static const struct pbs_run runs[] = {
        {1, 1, 520e3, 3, {0, 2, 10}, false}, {1, 1, 2760e3, 1, {52.1473}, true},
        {1, 2, 520e3, 3, {0, 2, 10}, false}, {1, 2, 3020e3, 1, {48.2663}, true},
        {1, 3, 50e3, 1, {0}, false},         {2, 1, 520e3, 3, {0, 2, 10}, false},
        {2, 1, 390e3, 1, {14.1391}, true},   {2, 2, 50e3, 1, {0}, false},
        {2, 3, 620e3, 1, {0}, false},        {3, 1, 50e3, 1, {0}, false},
        {3, 2, 50e3, 1, {0}, false},         {3, 3, 900e3, 1, {0}, false},
        {3, 3, 16650e3, 0, {0}, false},
    };
    pbs_judge(WARS_DISK, runs, sizeof runs / sizeof runs[0]);
}

static void test_judge_agrees_with_the_paper(void **state)
{
    (void)state;
    static const struct pbs_published rows[] = {
        {1, 1, .66, 10.99, 52.2, .4367},
        {1, 2, .65, 20.97, 48.3, .713},
        {2, 1, 1.63, 10.9, 14.1, .763},
    };
    pbs_judge_the_judge(WARS_DISK, rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_agrees_with_the_paper),
        cmocka_unit_test(test_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
