#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/describe.h"
#include "tests/scenarios/fixture.h"

#include <string.h>

static const struct param_registry *const registries[] = {&fixture_strategies,
                                                          &distribution_registry, NULL};
static const struct describe describe = {registries, fixture_table};

static void check_contains(const char *name, const char *expected)
{
    struct text out = {0};
    const char *suggestion = NULL;
    assert_true(describe_put_name(&describe, name, &out, &suggestion));
    if (strstr(text_string(&out), expected) == NULL) {
        fail_msg("%s:\n%s\nlacks\n%s", name, text_string(&out), expected);
    }
    text_release(&out);
}

static void kinds_and_keys_are_described(void **state)
{
    (void)state;
    check_contains("strategies", "  quorum             leaderless\n");
    check_contains("quorum", "source: assumption: a test\n");
    check_contains("quorum", "  r                  integer, between 1 and 100; required\n"
                             "                     replies of a read\n");
    check_contains("quorum", "  window             duration; default 3h\n");
    check_contains("primary", "no parameters\n");
    check_contains("jitter", "published | none | relative; default published\n");
    check_contains("jitter.cv", "number, between 0.001 and 10; default 0.03\n");
    check_contains("regions[0].nodes", "integer, between 1 and 9; default 1\n");
    check_contains("loss", "ratio, between 0 and 1; default 1%\n");
    check_contains("delay", "distribution of a duration; default {");
    check_contains("datasets.replication", "strategy, see strategies; required\n");
    check_contains("exponential", "quantity of the distribution");
    /* Paths as errors print them: with the name of an item, and with a key of the chosen kind. */
    check_contains("datasets.orders.replication", "strategy, see strategies; required\n");
    check_contains("datasets.orders.replication.window", "duration; default 3h\n");
}

static void wrong_names_get_a_suggestion(void **state)
{
    (void)state;
    struct text out = {0};
    const char *suggestion = NULL;
    assert_false(describe_put_name(&describe, "quorm", &out, &suggestion));
    assert_string_equal(suggestion, "quorum");
    assert_false(describe_put_name(&describe, "jiter", &out, &suggestion));
    assert_string_equal(suggestion, "jitter");
    assert_false(describe_put_name(&describe, "nothing at all", &out, &suggestion));
    assert_null(suggestion);
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_keys_are_described),
        cmocka_unit_test(wrong_names_get_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
