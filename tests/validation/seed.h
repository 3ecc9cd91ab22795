/*
 * seed.h - the seed of every test of chance: GEODES_TEST_SEED of the environment, or 1.
 *
 * A claim about chance must hold for other seeds too:
 *   for seed in 2 3 4 5 6; do GEODES_TEST_SEED=$seed ctest -R validation; done
 */
#ifndef TESTS_VALIDATION_SEED_H
#define TESTS_VALIDATION_SEED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdlib.h>

/* A positive number of the environment, or `usual` when it is not there. */
static inline double test_environment(const char *name, double usual)
{
    const char *text = getenv(name);
    if (text == NULL) {
        return usual;
    }
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0.0)) {
        fail_msg("%s must be a number > 0 (got \"%s\")", name, text);
    }
    return value;
}

static inline uint64_t test_seed(void)
{
    return (uint64_t)test_environment("GEODES_TEST_SEED", 1.0);
}

#endif
